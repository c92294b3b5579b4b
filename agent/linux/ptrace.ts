/** Waiting for a traced process. */
import { sys } from './syscall.ts'

/** __WALL (wait(2)): children of every kind, threads made by clone(2) included. */
const WALL = 0x40000000

/** @returns the wait status */
export function waitForStop(pid: number): number {
  const status = Buffer.alloc(4)
  sys('wait4', pid, status, WALL, null)
  return status.readInt32LE(0)
}
