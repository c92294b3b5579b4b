/** struct perf_event_attr for one event and one bit of its samples (include/uapi/linux/perf_event.h). */

/** enum perf_event_sample_format. TID is always asked for beside the bit: it says whose sample it is. */
export const BITS = {
  IP: 0,
  TID: 1,
  TIME: 2,
  ADDR: 3,
  READ: 4,
  CALLCHAIN: 5,
  ID: 6,
  CPU: 7,
  PERIOD: 8,
  STREAM_ID: 9,
  RAW: 10,
  BRANCH_STACK: 11,
  REGS_USER: 12,
  STACK_USER: 13,
  WEIGHT: 14,
  DATA_SRC: 15,
  IDENTIFIER: 16,
  TRANSACTION: 17,
  REGS_INTR: 18,
  PHYS_ADDR: 19,
  AUX: 20,
  CGROUP: 21,
  DATA_PAGE_SIZE: 22,
  CODE_PAGE_SIZE: 23,
  WEIGHT_STRUCT: 24,
  BIT_25: 25,
  BIT_26: 26,
} as const
export type Bit = keyof typeof BITS

export interface Event {
  readonly name: string
  readonly type: number
  readonly config: number
  /** Address to watch (PERF_TYPE_BREAKPOINT). */
  readonly breakpoint?: bigint
  /** Address of a function's name, for kprobes and their kin. */
  readonly probed?: bigint
  /** A sample each time, not by the clock. */
  readonly everyOne?: boolean
}

/** PERF_ATTR_SIZE_VER5: accepted by every kernel since 4.x. */
const SIZE = 112
const PERIOD_NS = 1_000_000n
const PERIOD_ONE = 1n
/** disabled, exclude_hv */
const FLAGS = (1n << 0n) | (1n << 6n)
/** exclude_kernel: without it an event needs a capability. */
const EXCLUDE_KERNEL = 1n << 5n
/** The first eight of either architecture, and those that hold the arguments of a system call on x86-64 (r8 to r10). */
const REGISTERS = 0x7_00ffn
/** The largest multiple of 8 below USHRT_MAX (kernel/events/core.c, perf_copy_attr). */
const STACK_BYTES = 65528
const WATCH_READS_AND_WRITES = 3
const BRANCH_ANY = 1n << 3n

export function attributes(into: Buffer, { type, config, breakpoint, probed, everyOne }: Event, bit: Bit): void {
  const asked = (1n << BigInt(BITS[bit])) | (1n << BigInt(BITS.TID))
  const inKernel = everyOne || breakpoint !== undefined || bit === 'REGS_INTR' || bit === 'REGS_USER'
  into.fill(0)
  into.writeUInt32LE(type, 0)
  into.writeUInt32LE(SIZE, 4)
  into.writeBigUInt64LE(BigInt(config), 8)
  into.writeBigUInt64LE(everyOne || breakpoint !== undefined ? PERIOD_ONE : PERIOD_NS, 16)
  into.writeBigUInt64LE(asked, 24)
  into.writeBigUInt64LE(inKernel ? FLAGS : FLAGS | EXCLUDE_KERNEL, 40)
  if (breakpoint !== undefined) into.writeUInt32LE(WATCH_READS_AND_WRITES, 52)
  into.writeBigUInt64LE(breakpoint ?? probed ?? 0n, 56)
  if (breakpoint !== undefined) into.writeBigUInt64LE(8n, 64)
  if (bit === 'BRANCH_STACK') into.writeBigUInt64LE(BRANCH_ANY, 72)
  if (bit === 'REGS_USER') into.writeBigUInt64LE(REGISTERS, 80)
  if (bit === 'STACK_USER') into.writeUInt32LE(STACK_BYTES, 88)
  if (bit === 'REGS_INTR') into.writeBigUInt64LE(REGISTERS, 96)
}
