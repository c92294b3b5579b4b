/**
 * PID and mount namespaces of one's own, with this program once more as init. Even if the process that asked for them
 * is killed, the kernel ends everything in there, and its scope, with the init.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { RUNTIME_OPTIONS } from './runtime.ts'
import { sys } from './syscall.ts'

const MAIN = join(import.meta.dirname, '..', 'main.ts')
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
const RLIMIT_MEMLOCK = 8

export function isInit(): boolean {
  return process.pid === 1 && process.env[MARK] !== undefined
}

/**
 * Starts a command line as the init of new PID and mount namespaces. They belong to the calling thread, which also
 * forks: later children of this process are in them too, and this process itself stays outside of the PID namespace.
 * @param mounts `private`: nothing comes in; `slave`: the machine's later mounts do; nothing goes out in either case
 * @throws SyscallError without CAP_SYS_ADMIN
 */
export function startInit(args: readonly string[], mounts: 'private' | 'slave', options: SpawnOptions): ChildProcess {
  sys('unshare', CLONE_NEWPID | CLONE_NEWNS)
  sys('mount', 'none', '/', null, MS_REC | (mounts === 'slave' ? MS_SLAVE : MS_PRIVATE), null)
  const env = { ...(options.env ?? process.env), [MARK]: '1' }
  return spawn(process.execPath, [...RUNTIME_OPTIONS, MAIN, ...args], { ...options, env })
}

/**
 * The first thing an init does. Its /proc has to show its own namespace; the mount is for all of it, not for one thread. Before
 * 5.11 BPF objects count as locked memory of their user, and bpf(2) answers EPERM beyond the limit, as a refusal does.
 */
export function becomeInit(): void {
  delete process.env[MARK]
  sys('prctl', PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
  sys('mount', 'proc', '/proc', 'proc', 0, null)
  sys('prlimit64', 0, RLIMIT_MEMLOCK, Buffer.alloc(16, 0xff), null)
}

/** For the process outside, once the init has ended: its mount namespace may have a /proc in which it does not exist. */
export function uncoverProc(): void {
  if (!existsSync('/proc/self')) sys('umount2', '/proc', MNT_DETACH)
}
