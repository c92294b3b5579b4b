/**
 * A process to attack: its environment holds the needle, it has several threads and it burns a little CPU, so that every
 * attempt has something to find. Without protection only; a sealed canary is started by the code that seals it, with
 * `canaryArgv`.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import type { Target } from '../attempt.ts'
import type { Identity } from '../runner/identity.ts'
import { executed, type LaunchSpec, launch, until } from '../runner/launch.ts'
import { environmentOf } from '../runner/locate.ts'

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
 * leaves the stack between its frames and its environment short enough for one sample (64 KiB). Each time it hands its value to a
 * system call, as programs do: to look for a folder of that name.
 */
const SPIN = 'const end = Date.now() + 5; while (Date.now() < end);'
const HAND = `try { process.chdir(process.env.${CANARY_VARIABLE}) } catch {}`
const PROGRAM = `setInterval(() => { ${SPIN} ${HAND} }, 20)`

/** The default canary program: this runtime, or a copy of it, spinning. */
export function canaryArgv(program: string = process.execPath): string[] {
  return [program, '-e', PROGRAM]
}

/** How a canary is started. @param value its variable: a needle, or the placeholder of one */
export function canarySpec(value: Buffer | string, as: Identity, argv: readonly string[] = canaryArgv()): LaunchSpec {
  return { argv, env: { PATH: process.env.PATH ?? '', [CANARY_VARIABLE]: value.toString('latin1') }, as, dense: true }
}

/** Starts an unprotected canary and waits until it runs its program. The child is killed when `close` is called, not at exit. */
export function startCanary(as: Identity, needle: Buffer = newNeedle(), argv?: readonly string[]): Promise<Canary> {
  return startProcess(canarySpec(needle, as, argv), needle)
}

/**
 * Starts the specified program, and waits until it runs; a canary also until its threads do. @throws Error if it ends
 */
export async function startProcess(spec: LaunchSpec, needle: Buffer): Promise<Canary> {
  const child = launch(spec, ['ignore', 'ignore', 'inherit'])
  const end = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const { pid } = child
  if (pid === undefined) throw new Error(`\`${spec.argv[0]}\` could not be started`)
  const close = async () => {
    child.kill('SIGKILL')
    await end
  }
  const alive = () => {
    if (child.exitCode === null && child.signalCode === null) return true
    throw new Error(`\`${spec.argv[0]}\` ended at its start: ${child.signalCode ?? `status ${child.exitCode}`}`)
  }
  try {
    await until(`start of \`${spec.argv[0]}\``, () => alive() && executed(pid, spec.argv))
    if (spec.argv.includes(PROGRAM)) await until('threads of the canary', () => alive() && threads(pid) > 1)
  } catch (error) {
    await close()
    throw error
  }
  const region = environmentOf(pid)
  return { pid, target: { pid, needle, start: spec, ...(region && { region }) }, close }
}

function threads(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length
}
