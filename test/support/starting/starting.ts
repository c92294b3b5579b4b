/** Containers that start: the runtime's process is in the Pod and waits, with file, arguments and environment of the entrypoint in its memory. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../agent-under-test.ts'
import type { PidNamespace } from '../pid-namespace.ts'

export interface Starting {
  /** Its number outside, and the one it has in the Pod. */
  readonly outer: number
  readonly inner: number
  /** Has it exec, and waits until it sleeps as `name`, or has ended. @returns whether it sleeps */
  readonly go: (name: string) => Promise<boolean>
  /** What it and its container printed. */
  readonly said: () => string
  readonly kill: () => void
}

/** In place of nsenter(1), before a command. @param namespace path of the Pod's PID namespace */
export const waiting = (namespace: string): string[] => ['python3', join(import.meta.dirname, 'runtime.py'), namespace]

const MOUNTS = ['unshare', '--mount', '--propagation', 'private']

/** @param command the entrypoint, by its path; @param before a shell's line, in the new mounts */
export function startingIn(
  { init }: PidNamespace,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  before = 'true',
): Promise<Starting> {
  const shell = [...MOUNTS, 'sh', '-c', `${before} && exec "$@"`, 'sh']
  return startingBy([...shell, ...waiting(`/proc/${init}/ns/pid`), ...command], env)
}

/** @param runtime a command that comes to one of `waiting` */
export async function startingBy(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Starting> {
  const runtime = spawn(program, args, { env: { PATH: process.env.PATH, ...env } })
  const output: string[] = []
  for (const stream of [runtime.stdout, runtime.stderr]) stream.on('data', (chunk) => output.push(String(chunk)))
  const said = () => output.join('')
  const number = () =>
    /^starting \d+$/m.test(said()) && readFileSync(`/proc/${runtime.pid}/task/${runtime.pid}/children`)
  const outer = Number(await eventually(`a container that starts: ${program}`, number))
  const hasEnded = () => /^ended \d+$/m.test(said())
  const runs = (name: string) => !hasEnded() && sleepsAs(outer, name)
  return {
    outer,
    inner: Number(/^NSpid:.*\s(\d+)$/m.exec(readFileSync(`/proc/${outer}/status`, 'latin1'))?.[1]),
    go: async (name) => {
      runtime.stdin.end('\n')
      await eventually('its exec', () => hasEnded() || runs(name))
      return runs(name)
    },
    said,
    kill: () => void (hasEnded() || process.kill(outer, 'SIGKILL')),
  }
}

/** One that is killed at its exec has the new name too, and does not come to sleep. */
function sleepsAs(pid: number, name: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').includes(` (${name}) S `)
  } catch {
    return false
  }
}

export type How = 'direct' | 'joined' | 'nested'

/** A shell's line that overwrites texts without blanks in the memory of one that starts: write.py. */
export const overwriting = (how: How, pid: number, changes: Readonly<Record<string, string>>): string =>
  ['python3', join(import.meta.dirname, 'write.py'), how, pid, ...Object.entries(changes).flat(), '2>&1'].join(' ')
