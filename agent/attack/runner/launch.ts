/**
 * Starts a program under an identity, optionally held back just before its exec. The specification travels in a memory file:
 * on argv or in the launcher's environment the secret would be readable before the program exists.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { sleep, sys } from '../../linux/syscall.ts'
import type { Identity } from './identity.ts'
import { SHELL, scriptOf } from './launch-script.ts'
import { withoutGap } from './without-gap.ts'

export interface LaunchSpec {
  /** `argv[0]` is the absolute path to execute. */
  readonly argv: readonly string[]
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>
  readonly as: Identity
  /** `stop`: SIGSTOP before the exec; `traceme`: PTRACE_TRACEME by the starter, so the exec stops with SIGTRAP. */
  readonly gate?: 'stop' | 'traceme'
  /** Bytes of core dump allowed (RLIMIT_CORE). */
  readonly coreLimit?: number
  readonly cwd?: string
  /** No random gap on its initial stack, where the kernel allows that: `withoutGap` says why. */
  readonly dense?: boolean
}

/** The launcher's exit status when the exec was refused; any other failure of it ends with another. */
export const EXEC_REFUSED = 126

/** The descriptor on which the launcher finds its specification. */
export const SPEC_FD = 3

/** The launcher's own environment, before the exec: the most that a handle of that time can show. */
export const LAUNCHER_MARK = 'KERNELSEAL_LAUNCHER=1'

const LAUNCHER = join(import.meta.dirname, 'launcher.ts')

type Stream = 'ignore' | 'pipe' | 'inherit'

/** @returns the child; its pid is the program's, the launcher execs it in place */
export function launch(spec: LaunchSpec, streams: readonly [Stream, Stream, Stream]): ChildProcess {
  return spec.dense ? withoutGap(() => start(spec, streams)) : start(spec, streams)
}

function start(spec: LaunchSpec, streams: readonly [Stream, Stream, Stream]): ChildProcess {
  const itself = spec.as === 'root'
  if (itself && spec.gate === undefined && spec.coreLimit === undefined) return launchPlain(spec, streams)
  const simple = itself && spec.gate !== 'traceme' && existsSync(SHELL)
  return simple ? launchByShell(spec, streams) : launchHeld(spec, streams)
}

/** Nothing to prepare: the launcher would only cost the start of a runtime. */
function launchPlain({ argv, env, cwd }: LaunchSpec, streams: readonly Stream[]): ChildProcess {
  return spawn(argv[0]!, argv.slice(1), { env, cwd: cwd ?? '/', stdio: [...streams] })
}

/** A runtime that only stops and execs is 3 s of an emulated machine; a shell can do that. */
function launchByShell(spec: LaunchSpec, streams: readonly Stream[]): ChildProcess {
  const { script, input } = scriptOf(spec)
  return withSpec(spec, streams, input, [SHELL, '-c', script, SHELL, ...spec.argv], {})
}

function launchHeld(spec: LaunchSpec, streams: readonly Stream[]): ChildProcess {
  return withSpec(spec, streams, JSON.stringify(spec), [process.execPath, LAUNCHER], runtimeEnvironment())
}

function withSpec(
  { cwd = '/' }: LaunchSpec,
  streams: readonly Stream[],
  input: string,
  [command = '', ...args]: readonly string[],
  environment: Readonly<Record<string, string>>,
): ChildProcess {
  const memory = sys('memfd_create', 'kernelseal-launch', 0)
  try {
    writeSync(memory, input, 0)
    const env = { KERNELSEAL_LAUNCHER: '1', ...environment }
    return spawn(command, args, { env, cwd, stdio: [...streams, memory] })
  } finally {
    closeSync(memory)
  }
}

/**
 * The environment our own processes inherit: under emulation the compile cache makes the difference between 9 and 3 s
 * a start.
 */
export function runtimeEnvironment(): Record<string, string> {
  const names = ['NODE_COMPILE_CACHE', 'NODE_COMPILE_CACHE_PORTABLE']
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
}

/** Whether the pid runs `argv` now: the launcher's exec has happened. */
export function executed(pid: number, argv: readonly string[]): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1') === `${argv.join('\0')}\0`
}

/** The state letter of a process (proc_pid_stat(5)): it follows the last parenthesis, a comm may hold any. */
export function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return stat[stat.lastIndexOf(')') + 2] ?? '?'
}

/** Natively about 0.1 s; a launcher and its program under emulation need some 10 s on a loaded machine. Below START_MS of attacker.ts. */
const START_TIMEOUT_MS = 150_000
/** For canaries, which run unwatched, and which an agent may have to fill. */
const CANARY_TIMEOUT_MS = 180_000

/** Blocks until `ready`, for attempts. */
export function waitUntil(what: string, ready: () => boolean): void {
  const deadline = Date.now() + START_TIMEOUT_MS
  while (!ready()) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${START_TIMEOUT_MS} ms`)
    sleep(2)
  }
}

/** The same for code that shares its event loop. */
export async function until(what: string, ready: () => boolean): Promise<void> {
  const deadline = Date.now() + CANARY_TIMEOUT_MS
  while (!ready()) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${CANARY_TIMEOUT_MS} ms`)
    await delay(5)
  }
}
