/** The stack pointer of a process that waits, by ptrace: attached for a moment, while it is stopped. */
import { addressOf, iovec, sys } from './syscall.ts'

const PTRACE_SEIZE = 0x4206
const PTRACE_INTERRUPT = 0x4207
const PTRACE_DETACH = 17
const PTRACE_GETREGSET = 0x4204
const PTRACE_SETREGSET = 0x4205
const NT_PRSTATUS = 1
const WALL = 0x40000000

/** Size of the general registers in bytes, and where the stack pointer is (struct user_regs_struct, struct user_pt_regs). */
const REGISTERS = {
  x64: { size: 216, sp: 152 },
  arm64: { size: 272, sp: 248 },
} as const

/** @throws Error for a program of another word size, and when it cannot be attached to */
export function withStackPointer(pid: number, move: (sp: bigint) => bigint): void {
  const layout = REGISTERS[process.arch as keyof typeof REGISTERS]
  if (!layout) throw new Error(`no register layout for the architecture \`${process.arch}\``)
  sys('ptrace', PTRACE_SEIZE, pid, 0, 0)
  try {
    sys('ptrace', PTRACE_INTERRUPT, pid, 0, 0)
    sys('wait4', pid, null, WALL, null)
    const registers = Buffer.alloc(512)
    const vector = iovec(addressOf(registers), registers.length)
    sys('ptrace', PTRACE_GETREGSET, pid, NT_PRSTATUS, vector)
    const size = Number(vector.readBigUInt64LE(8))
    if (size !== layout.size) throw new Error(`its registers have ${size} bytes: a 32-bit program`)
    registers.writeBigUInt64LE(move(registers.readBigUInt64LE(layout.sp)), layout.sp)
    sys('ptrace', PTRACE_SETREGSET, pid, NT_PRSTATUS, iovec(addressOf(registers), size))
  } finally {
    sys('ptrace', PTRACE_DETACH, pid, 0, 0)
  }
}
