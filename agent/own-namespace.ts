/**
 * PID and mount namespaces of one's own, whose init is this program once more. Whatever happens to the process that asked for
 * them, the kernel ends everything in there, and its scope, with the init.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { join } from 'node:path'
import { sys } from './attack/syscall.ts'

const MAIN = join(import.meta.dirname, 'main.ts')
/** Tells the process that it was started to be the init of such a namespace. */
const MARK = 'KERNELSEAL_INIT'

const CLONE_NEWNS = 0x00020000
const CLONE_NEWPID = 0x20000000
const MNT_DETACH = 2
const MS_REC = 0x4000
const MS_PRIVATE = 0x40000
const MS_SLAVE = 0x80000
const PR_SET_PDEATHSIG = 1
const SIGKILL = 9

export function isInit(): boolean {
  return process.pid === 1 && process.env[MARK] !== undefined
}

/**
 * Starts a command line as the init of new PID and mount namespaces. They belong to the thread that asks, which is the one that
 * forks: what this process starts later is in them too, and this process itself stays outside of the PID namespace.
 * @throws SyscallError without CAP_SYS_ADMIN
 */
export function startInit(args: readonly string[], options: SpawnOptions): ChildProcess {
  sys('unshare', CLONE_NEWPID | CLONE_NEWNS)
  const env = { ...(options.env ?? process.env), [MARK]: '1' }
  return spawn(process.execPath, [MAIN, ...args], { ...options, env })
}

/**
 * The first thing an init does. Its /proc has to show its own namespace; mounts are for the process, not for one thread.
 * @param mounts `private`: nothing comes in; `slave`: what the machine mounts later does
 */
export function becomeInit(mounts: 'private' | 'slave' = 'private'): void {
  delete process.env[MARK]
  sys('prctl', PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
  sys('mount', 'none', '/', null, MS_REC | (mounts === 'slave' ? MS_SLAVE : MS_PRIVATE), null)
  sys('mount', 'proc', '/proc', 'proc', 0, null)
}

/** For the process outside, once the init has ended: its mount namespace has a /proc of nobody then. */
export function uncoverProc(): void {
  sys('umount2', '/proc', MNT_DETACH)
}
