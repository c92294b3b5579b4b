/**
 * Starts a program under an identity, optionally held back just before its exec. The specification travels in a memory file:
 * on argv or in the launcher's environment the secret would be readable before the program exists.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { closeSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Identity } from './identity.ts'
import { sleep, sys } from './syscall.ts'

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
}

/** The descriptor on which the launcher finds its specification. */
export const SPEC_FD = 3

/** The launcher's own environment, before the exec: what a handle of that time can show at most. */
export const LAUNCHER_MARK = 'KERNELSEAL_LAUNCHER=1'

const LAUNCHER = join(import.meta.dirname, 'launcher.ts')

/** @returns the child; its pid is the program's, the launcher execs it in place */
export function launch(
  spec: LaunchSpec,
  stdio: readonly ['ignore' | 'pipe', 'ignore' | 'pipe', 'ignore' | 'pipe' | 'inherit'],
): ChildProcess {
  const memory = sys('memfd_create', 'kernelseal-launch', 0)
  try {
    writeSync(memory, JSON.stringify(spec), 0)
    const streams: StdioOptions = [...stdio, memory]
    return spawn(process.execPath, [LAUNCHER], {
      env: { KERNELSEAL_LAUNCHER: '1' },
      stdio: streams,
      cwd: spec.cwd ?? '/',
    })
  } finally {
    closeSync(memory)
  }
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

/** Natively about 0.1 s; a launcher under emulation needs some seconds. */
const START_TIMEOUT_MS = 15_000

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
  const deadline = Date.now() + START_TIMEOUT_MS
  while (!ready()) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${START_TIMEOUT_MS} ms`)
    await delay(5)
  }
}
