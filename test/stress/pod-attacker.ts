/** An attacker among a Pod's containers (pod-attacker.py), with all capabilities and the machine's /proc. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { eventually } from '../support/agent-under-test.ts'
import { LONGEST_MS } from './agent-life.ts'

/** What it has tried and got: roots of agents listed, values seen, times that it could enrol. */
export interface Found {
  readonly tries: number
  readonly refused: number
  readonly roots: number
  readonly values: number
  readonly enrolled: number
}

export interface Attacker {
  readonly kill: () => void
  readonly stop: () => Promise<Found>
}

export interface Aim {
  /** Before a command: brings it into the Pod as a container's first process. */
  readonly enter: readonly string[]
  /** The agents' program. */
  readonly program: string
  /** A sealed process, by its number on the machine. */
  readonly sealed: number
  /** The pin by which agents enrol. */
  readonly pin: string
  readonly needle: string
}

export function startAttacker({ enter, program, sealed, pin, needle }: Aim): Attacker {
  const script = join(import.meta.dirname, 'pod-attacker.py')
  const [command = '', ...args] = [...enter, '/usr/bin/python3', script, program, String(sealed), pin]
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.write(`${needle}\n`)
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  const stop = async (): Promise<Found> => {
    child.stdin.end()
    await eventually('what the attacker found', () => output.endsWith('\n'), LONGEST_MS)
    const [tries = -1, refused = -1, roots = -1, values = -1, enrolled = -1] = output.trim().split(' ').map(Number)
    return { tries, refused, roots, values, enrolled }
  }
  return { kill: () => child.kill('SIGKILL'), stop }
}
