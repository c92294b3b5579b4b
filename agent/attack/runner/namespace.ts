/**
 * The suite's own PID namespace. Its agent serves that namespace, so that agents of Pods come and go beside it, and
 * if this process is killed, the kernel ends everything in there and its scope.
 */
import { once } from 'node:events'
import { startInit } from '../../linux/namespaces.ts'

/**
 * Runs the same command line as the init of new PID and mount namespaces.
 * @returns its exit status
 * @throws SyscallError without CAP_SYS_ADMIN
 */
export async function runAsInit(args: readonly string[]): Promise<number> {
  const child = startInit(args, 'private', { stdio: 'inherit' })
  const pass = (signal: NodeJS.Signals) => void child.kill(signal)
  process.on('SIGINT', pass).on('SIGTERM', pass)
  const [status, signal] = (await once(child, 'exit')) as [number | null, string | null]
  process.off('SIGINT', pass).off('SIGTERM', pass)
  if (status === null) throw new Error(`the suite was ended by ${signal}`)
  return status
}
