/** One process held by descriptors, so that a number used again is never mistaken for it. */
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { openProcess, signalProcess } from './libc.ts'
import { statFields } from './procfs.ts'

const { SIGKILL, SIGCONT } = constants.signals

export interface HeldProcess {
  /** @throws Error when not all bytes could be written, or its memory may not be opened */
  readonly write: (address: bigint, bytes: Buffer) => void
  /** The bytes there: fewer, or none, where the mapping ends. */
  readonly read: (address: bigint, length: number) => Buffer
  /** @throws Error when it lives and may not be signalled */
  readonly continue: () => void
  /** @returns whether it could be signalled: false when it has ended */
  readonly kill: () => boolean
  /** Readable once it has ended, even before its parent has waited for it. */
  readonly fd: number
  readonly close: () => void
}

/**
 * Opened first, proved afterwards: if the process with this number now is the one that started at `start`, it was when
 * the descriptors were opened.
 * @param pid in our PID namespace
 * @param start ns since boot, of the kernel's start_boottime
 * @returns undefined when it is gone
 * @throws Error when it cannot be held for another reason, such as too many open files
 */
export function holdProcess(pid: number, start: bigint): HeldProcess | undefined {
  const fd = openProcess(pid)
  if (fd === -constants.errno.ESRCH) return undefined
  if (fd < 0) throw new Error(`it cannot be held: pidfd_open failed with ${getSystemErrorName(fd)}`)
  const memory = openMemory(pid)
  const close = (): void => {
    closeSync(fd)
    if (typeof memory === 'number') closeSync(memory)
  }
  try {
    if (startTicks(pid) !== ticksOf(start)) throw new Error('another process has its number now')
  } catch {
    close()
    return undefined
  }
  const signal = (number: number): boolean => signalProcess(fd, number) === 0
  const resume = (): void => {
    if (!signal(SIGCONT) && signal(0)) throw new Error('it may not be continued')
  }
  return { ...accessTo(memory), continue: resume, kill: () => signal(SIGKILL), fd, close }
}

/**
 * Kills a process that cannot be held, since it may not run on. It is stopped, so that its number is reused only
 * after another's kill.
 */
export function killUnheld(pid: number, start: bigint): void {
  try {
    if (startTicks(pid) === ticksOf(start)) process.kill(pid, SIGKILL)
  } catch {} // it is gone
}

function accessTo(memory: number | Error): Pick<HeldProcess, 'write' | 'read'> {
  const opened = (): number => {
    if (typeof memory === 'number') return memory
    throw memory
  }
  const write = (address: bigint, bytes: Buffer): void => {
    const written = writeSync(opened(), bytes, 0, bytes.length, Number(address))
    if (written !== bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes could be written`)
  }
  const read = (address: bigint, length: number): Buffer => {
    const bytes = Buffer.alloc(length)
    try {
      return bytes.subarray(0, readSync(opened(), bytes, 0, length, address))
    } catch {
      return bytes.subarray(0, 0)
    }
  }
  return { write, read }
}

/** @returns the descriptor, or the error: a process whose memory cannot be opened can still be killed */
function openMemory(pid: number): number | Error {
  try {
    return openSync(`/proc/${pid}/mem`, 'r+')
  } catch (error) {
    return error as Error
  }
}

/**
 * Sends one signal to the process that started at `start`, held as above.
 * @param wanted asked while the process is held, for example whether it handles the signal
 * @returns undefined when it is gone, false when `wanted` said no
 */
export function signalOnce(
  pid: number,
  start: bigint,
  signal: NodeJS.Signals,
  wanted = (_pid: number): boolean => true,
): boolean | undefined {
  const fd = openProcess(pid)
  if (fd < 0) return undefined
  try {
    if (startTicks(pid) !== ticksOf(start)) return undefined
    if (!wanted(pid)) return false
    return signalProcess(fd, constants.signals[signal]) === 0 ? true : undefined
  } catch {
    return undefined // it ended while we asked
  } finally {
    closeSync(fd)
  }
}

/** Whether the process with this number is the one that started at `start`, ns since boot. */
export function isStill(pid: number, start: bigint): boolean {
  try {
    return startTicks(pid) === ticksOf(start)
  } catch {
    return false // there is none
  }
}

/** ns since boot, in steps of 10 ms; undefined when it is gone. */
export function startOf(pid: number): bigint | undefined {
  try {
    return startTicks(pid) * NS_PER_TICK
  } catch {
    return undefined
  }
}

/** Whether both are within one step of the times in /proc. */
export const isSameStart = (one: bigint, other: bigint): boolean => ticksOf(one) === ticksOf(other)

/** SigCgt of proc_pid_status(5). @throws when the process is gone */
export function handlesSignal(pid: number, signal: NodeJS.Signals): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0'
  return (BigInt(`0x${caught}`) & (1n << BigInt(constants.signals[signal] - 1))) !== 0n
}

/** /proc shows start times in ticks of 10 ms (USER_HZ is 100 on every architecture we build for; fs/proc/array.c). */
const NS_PER_TICK = 10_000_000n

const ticksOf = (ns: bigint): bigint => ns / NS_PER_TICK

/** Field 22 of proc_pid_stat(5). */
const startTicks = (pid: number): bigint => BigInt(statFields(pid)(22) ?? -1)
