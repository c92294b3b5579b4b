/**
 * A process to attack: its environment holds the needle, it has several threads and it burns a little CPU, so that every
 * attempt has something to find. Without protection only; a sealed canary is started by whoever seals it, with `canaryArgv`.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import type { Target } from './attempt.ts'
import type { Identity } from './identity.ts'
import { executed, type LaunchSpec, launch, until } from './launch.ts'
import { environmentOf } from './locate.ts'

export interface Canary {
  readonly pid: number
  readonly target: Target
  /** Kills the process and waits for its end; may be called again. */
  close(): Promise<void>
}

export const CANARY_VARIABLE = 'KERNELSEAL_CANARY'

/** 32 random bytes in hex: no other memory of the machine holds them by chance. */
export function newNeedle(): Buffer {
  return Buffer.from(`canary-${randomBytes(32).toString('hex')}`)
}

/**
 * Perf samples the user stack of a task only while it runs, so it spins for 5 of every 20 ms; it imports nothing, which
 * leaves the stack between its frames and its environment short enough for one sample (64 KiB).
 */
const PROGRAM = 'setInterval(() => { const end = Date.now() + 5; while (Date.now() < end); }, 20)'

/** The default canary program: this runtime, spinning. */
export function canaryArgv(): string[] {
  return [process.execPath, '-e', PROGRAM]
}

/** How a canary with this needle is started; `as` the identity the application has in its container. */
export function canarySpec(needle: Buffer, as: Identity, argv: readonly string[] = canaryArgv()): LaunchSpec {
  return { argv, env: { PATH: process.env.PATH ?? '', [CANARY_VARIABLE]: needle.toString('latin1') }, as }
}

/** Starts an unprotected canary and waits until it runs its program. The child is killed when `close` is called, not at exit. */
export async function startCanary(
  as: Identity,
  needle: Buffer = newNeedle(),
  argv?: readonly string[],
): Promise<Canary> {
  const spec = canarySpec(needle, as, argv)
  const child = launch(spec, ['ignore', 'ignore', 'inherit'])
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const pid = child.pid
  if (pid === undefined) throw new Error('the canary could not be started')
  await until(`start of the canary \`${spec.argv[0]}\``, () => executed(pid, spec.argv))
  if (argv === undefined) await until('threads of the canary', () => readdirSync(`/proc/${pid}/task`).length > 1)
  const region = environmentOf(pid)
  const close = async () => {
    child.kill('SIGKILL')
    await ended
  }
  return { pid, target: { pid, needle, start: spec, ...(region && { region }) }, close }
}
