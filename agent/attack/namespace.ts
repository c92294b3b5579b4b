/**
 * The suite's own PID namespace. Its agent serves that namespace, so that agents of Pods come and go beside it, and whatever
 * happens to this process, the kernel ends everything in there and its scope.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { sys } from './syscall.ts'

const MAIN = join(import.meta.dirname, '..', 'main.ts')
/** Tells the process that it was started to be the init of such a namespace. */
const MARK = 'KERNELSEAL_ATTACK_INIT'

const CLONE_NEWNS = 0x00020000
const CLONE_NEWPID = 0x20000000
const MS_REC_PRIVATE = 0x4000 | 0x40000
const PR_SET_PDEATHSIG = 1
const SIGKILL = 9
const RLIMIT_MEMLOCK = 8

export function isInit(): boolean {
  return process.pid === 1 && process.env[MARK] !== undefined
}

/**
 * Runs the same command line as the init of new PID and mount namespaces. They belong to the thread that asks, which is the
 * one that forks; this process itself stays outside.
 * @returns its exit status
 * @throws SyscallError without CAP_SYS_ADMIN
 */
export async function runAsInit(args: readonly string[]): Promise<number> {
  sys('unshare', CLONE_NEWPID | CLONE_NEWNS)
  const env = { ...process.env, [MARK]: '1' }
  const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: 'inherit' })
  const pass = (signal: NodeJS.Signals) => void child.kill(signal)
  process.on('SIGINT', pass).on('SIGTERM', pass)
  const [status, signal] = (await once(child, 'exit')) as [number | null, string | null]
  process.off('SIGINT', pass).off('SIGTERM', pass)
  if (status === null) throw new Error(`the suite was ended by ${signal}`)
  return status
}

/**
 * The first thing an init does. Its /proc has to show its own namespace; mounts are for the process, not for one thread. Before
 * 5.11 BPF objects count as locked memory of their user, and bpf(2) answers EPERM beyond the limit, as a refusal does.
 */
export function becomeInit(): void {
  delete process.env[MARK]
  sys('prctl', PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
  sys('mount', 'none', '/', null, MS_REC_PRIVATE, null)
  sys('mount', 'proc', '/proc', 'proc', 0, null)
  sys('prlimit64', 0, RLIMIT_MEMLOCK, Buffer.alloc(16, 0xff), null)
}
