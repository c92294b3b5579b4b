/** A perf event that counts and samples nothing (perf_event_open(2), include/uapi/linux/perf_event.h). */
import { closeSync, readFileSync, readSync } from 'node:fs'
import { addressOf, sys } from './syscall.ts'

/** PERF_TYPE_TRACEPOINT */
export const TRACEPOINT = 2

export interface CountedEvent {
  readonly type: number
  readonly config?: bigint
  /** Of a uprobe: the address of its file's name, and an offset. */
  readonly config1?: bigint
  readonly config2?: bigint
}

export interface Counter {
  /** Counts only where the condition holds (PERF_EVENT_IOC_SET_FILTER). @throws SyscallError named `ioctl` */
  filter(condition: string): void
  /** It counts from then on. */
  start(): void
  count(): bigint
  /** Idempotent. */
  close(): void
}

/** PERF_ATTR_SIZE_VER5 */
const SIZE = 112
const FLAG_FD_CLOEXEC = 8
const DISABLED = 1n
const IOC_ENABLE = 0x2400
const IOC_SET_FILTER = 0x40082406

/**
 * @param cpu -1: that of the task; `pid` -1: every task of the CPU
 * @throws SyscallError named `perf_event_open`
 */
export function openCounter(event: CountedEvent, pid: number, cpu = -1): Counter {
  const { type, config = 0n, config1 = 0n, config2 = 0n } = event
  const attr = Buffer.alloc(SIZE)
  attr.writeUInt32LE(type, 0)
  attr.writeUInt32LE(SIZE, 4)
  attr.writeBigUInt64LE(config, 8)
  attr.writeBigUInt64LE(DISABLED, 40)
  attr.writeBigUInt64LE(config1, 56)
  attr.writeBigUInt64LE(config2, 64)
  const fd = sys('perf_event_open', attr, pid, cpu, -1, FLAG_FD_CLOEXEC)
  let open = true
  const close = () => {
    if (open) closeSync(fd)
    open = false
  }
  return {
    filter: (condition) => void sys('ioctl', fd, IOC_SET_FILTER, condition),
    start: () => void sys('ioctl', fd, IOC_ENABLE, 0),
    count: () => countOf(fd),
    close,
  }
}

function countOf(fd: number): bigint {
  const word = Buffer.alloc(8)
  readSync(fd, word)
  return word.readBigUInt64LE()
}

/** Bits of `config` below the offset of a uprobe's second place (PERF_UPROBE_REF_CTR_OFFSET_SHIFT). */
const REF_CTR_SHIFT = 32n

/**
 * A uprobe at an offset of a file. For as long as it is there, the 16-bit word at `counted` of the file is one more in
 * each process that has it mapped to write (kernel/events/uprobes.c, update_ref_ctr), as programs with USDT probes want it.
 */
export function openUprobe(file: string, offset: number, counted: number, pid: number, cpu = -1): Counter {
  const name = Buffer.from(`${file}\0`)
  const type = Number(readFileSync('/sys/bus/event_source/devices/uprobe/type', 'latin1'))
  const config = BigInt(counted) << REF_CTR_SHIFT
  return openCounter({ type, config, config1: addressOf(name), config2: BigInt(offset) }, pid, cpu)
}
