/** The attackers: every hostile request there is, and every flood, each from a process and an address of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Running } from '../fire/webhook-process.ts'
import { weigh } from '../fire/weigh.ts'

const FIRE = join(import.meta.dirname, '../fire')

/** Of test/fire/flood.ts. */
const FLOODS = ['idle', 'deaf', 'unfinished', 'pipelined', 'halves', 'silent', 'garbage', 'held', 'expecting'] as const
/** `bombs` sends the requests of test/unit/webhook/bombs in an order by the seed. */
export const KINDS = ['bombs', ...FLOODS] as const
export type Kind = (typeof KINDS)[number]

export interface Besieger {
  /** Its requests are made: on a busy machine that takes as long as a round. At once for floods, which have none to make. */
  readonly begun: Promise<unknown>
  /** Requests that were answered, of those that count them. */
  readonly end: () => Promise<number>
}

/** @param seed a whole number */
export function besiege(kind: Kind, { port, metricsPort }: Running, seed: number): Besieger {
  // The first ones are the API server's, a flood's default and the kubelet's.
  const from = `127.0.0.${10 + (seed % 200)}`
  const args =
    kind === 'bombs'
      ? [join(FIRE, 'bomber.ts'), `${port}`, `${seed}`, from]
      : [join(FIRE, 'flood.ts'), kind, `${port}`, `${metricsPort}`, from]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
  // An attacker's work is not done on the webhook's machine.
  weigh(child.pid, 5)
  let last = ''
  child.stdout.on('data', (chunk) => {
    last = String(chunk).trimEnd().split('\n').at(-1) ?? ''
  })
  // The first line of its counts.
  const begun = kind === 'bombs' ? Promise.race([once(child.stdout, 'data'), once(child, 'exit')]) : Promise.resolve()
  return { begun, end: () => endOf(child, () => last) }
}

async function endOf(child: ChildProcess, last: () => string): Promise<number> {
  if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended by itself, ${child.exitCode}`)
  child.kill('SIGKILL')
  await once(child, 'exit')
  return last() === '' ? 0 : JSON.parse(last()).answered
}
