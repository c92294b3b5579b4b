/**
 * A perf event that copies the user stack, or the registers, of the sampled task into a ring (perf_event_open(2),
 * tools/include/uapi/linux/perf_event.h).
 */
import { closeSync } from 'node:fs'
import { memoryAt, sys } from './syscall.ts'

/** Branches come from the processor's own unit: the software clock has none (perf_swevent_init, kernel/events/core.c). */
const [TYPE_HARDWARE, TYPE_SOFTWARE] = [0, 1]
const BRANCH_ANY = 1n << 3n
/** The first of both: the processor's cycles, the clock. */
const FIRST_EVENT = 0
const SAMPLE_TID = 1 << 1
/** Data sampled beside the task: bits of `sample_type`. */
const SAMPLES = {
  ...{ instruction: 1 << 0, address: 1 << 3, callchain: 1 << 5, raw: 1 << 10, branches: 1 << 11 },
  ...{ stack: 1 << 13, registers: 1 << 18, aux: 1 << 20 },
} as const
export type Sampled = keyof typeof SAMPLES
/** The first eight of either architecture (enum perf_event_x86_regs, perf_event_arm_regs). */
const REGISTERS = 0xffn
/** disabled, exclude_kernel, exclude_hv: allowed to an unprivileged caller, and enough. */
const FLAGS = (1n << 0n) | (1n << 5n) | (1n << 6n)
/** The largest multiple of 8 below USHRT_MAX (kernel/events/core.c, perf_copy_attr). */
const STACK_BYTES = 65528
/** 1 ms of the CPU clock. */
const PERIOD_NS = 1_000_000n
const FLAG_FD_CLOEXEC = 8
const IOC_ENABLE = 0x2400

const PAGE = 4096
/**
 * Room for three samples of 64 KiB; one page more, the control page, stays below the 516 KiB that perf_event_mlock_kb
 * gives every user.
 */
const DATA_PAGES = 64
const PROT_READ_WRITE = 3
const MAP_SHARED = 1

export interface Sampler {
  /** The bytes that arrived since the last call. */
  drain(): Buffer
  /** Idempotent. */
  close(): void
}

/**
 * @param pid a task, or -1 for all
 * @param cpu a CPU, or -1 for the task's
 * @throws SyscallError
 */
export function openSampler(pid: number, cpu: number, of: Sampled = 'stack'): Sampler {
  const fd = sys('perf_event_open', attributes(of), pid, cpu, -1, FLAG_FD_CLOEXEC)
  const length = PAGE * (1 + DATA_PAGES)
  const address = sys('mmap', 0, length, PROT_READ_WRITE, MAP_SHARED, fd, 0)
  sys('ioctl', fd, IOC_ENABLE, 0)
  const memory = memoryAt(address, length)
  let open = true
  const close = () => {
    if (!open) return
    open = false
    sys('munmap', address, length)
    closeSync(fd)
  }
  return { drain: () => (open ? drain(memory) : Buffer.alloc(0)), close }
}

/** struct perf_event_attr up to PERF_ATTR_SIZE_VER5, 112 bytes. */
function attributes(of: Sampled): Buffer {
  const attr = Buffer.alloc(112)
  attr.writeUInt32LE(of === 'branches' ? TYPE_HARDWARE : TYPE_SOFTWARE, 0)
  attr.writeUInt32LE(attr.length, 4)
  attr.writeBigUInt64LE(BigInt(FIRST_EVENT), 8)
  attr.writeBigUInt64LE(PERIOD_NS, 16)
  attr.writeBigUInt64LE(BigInt(SAMPLE_TID | SAMPLES[of]), 24)
  attr.writeBigUInt64LE(FLAGS, 40)
  if (of === 'branches') attr.writeBigUInt64LE(BRANCH_ANY, 72)
  if (of === 'stack') attr.writeUInt32LE(STACK_BYTES, 88)
  if (of === 'registers') attr.writeBigUInt64LE(REGISTERS, 96)
  return attr
}

/** data_head at 1024 and data_tail at 1032 of the control page count bytes and never wrap; the ring does. */
function drain(memory: Buffer): Buffer {
  const head = memory.readBigUInt64LE(1024)
  const tail = memory.readBigUInt64LE(1032)
  const ring = memory.subarray(PAGE)
  const from = Number(tail % BigInt(ring.length))
  const bytes = Buffer.concat([ring.subarray(from), ring.subarray(0, from)]).subarray(0, Number(head - tail))
  memory.writeBigUInt64LE(head, 1032)
  return bytes
}
