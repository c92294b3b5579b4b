/** ptrace(2) request by request, and every ioctl of a pidfd. */
import { numberOf } from '../../../linux/syscall-numbers.ts'
import type { Family } from '../family.ts'
import { newPage, PAGE, type Room } from '../room.ts'

const PTRACE_SEIZE = 0x4206
const PTRACE_INTERRUPT = 0x4207
const PTRACE_DETACH = 17
const WALL = 0x40000000
/**
 * Closed list of requests that are not made. Of the caller itself: TRACEME. Letting the target go or ending it: CONT,
 * KILL, SINGLESTEP, ATTACH and DETACH, SYSCALL, SYSEMU, SEIZE, INTERRUPT, LISTEN; the sweep does that around each
 * request.
 */
const STEERING = [0, 7, 8, 9, 16, PTRACE_DETACH, 24, 31, 32, 33, PTRACE_SEIZE, PTRACE_INTERRUPT, 0x4208]
/** They write registers, memory or signals of the target, show nothing, and end it: POKE…, SET…, ARCH_PRCTL; sets of the newest kernels. */
const WRITING = [4, 5, 6, 13, 15, 19, 26, 30, 0x4203, 0x4205, 0x420b, 0x4210, 0x4212]
const ENDING = new Set([...STEERING, ...WRITING])
/** include/uapi/linux/ptrace.h: the old ones from 1, those of every architecture from 0x4200. */
const REQUESTS = [...range(0, 64), ...range(0x4200, 32), ...range(0x1000, 8)].filter((request) => !ENDING.has(request))

export const ptraceRequests: Family = {
  name: 'ptrace requests',
  share: 1,
  steps: (room) => {
    const traced = newTracing(room)
    return REQUESTS.map((request) => ({ label: `ptrace 0x${request.toString(16)}`, run: () => traced(request) }))
  },
}

/** Half of the value's length: a word this far apart from the next lies in it. */
const STRIDE = 32
/** The register set that all architectures have (NT_PRSTATUS). */
const PRSTATUS = 1

function newTracing(room: Room): (request: number) => void {
  const { pid } = room.request
  const [page, vector] = [newPage(), newPage()]
  const ptrace = (request: number, address: number | bigint, data: number | bigint) =>
    room.call(numberOf('ptrace'), request, pid, address, data)
  const shapes = [
    ...range(1, 32).map((n) => [room.remote + BigInt(PAGE - n * STRIDE), page.address] as const),
    [PAGE, page.address],
    [PRSTATUS, vector.address],
    [0, page.address],
  ] as const
  const look = (request: number) => {
    for (const [address, data] of shapes) {
      page.bytes.fill(0)
      vector.bytes.writeBigUInt64LE(BigInt(page.address), 0)
      vector.bytes.writeBigUInt64LE(BigInt(PAGE), 8)
      ptrace(request, address, data)
      if (room.look(page.bytes, 'call ptrace', `request 0x${request.toString(16)}`)) return
    }
  }
  return (request) => {
    if (ptrace(PTRACE_SEIZE, 0, 0) < 0) return look(request)
    ptrace(PTRACE_INTERRUPT, 0, 0)
    room.call(numberOf('wait4'), pid, 0, WALL, 0)
    look(request)
    ptrace(PTRACE_DETACH, 0, 0)
  }
}

/** pidfds answer to 0xFF (include/uapi/linux/pidfd.h); the plain numbers are for those to come. */
const KINDS = [0xff00, 0]
/** _IOC(_IOC_READ | _IOC_WRITE, 0, 0, size): PIDFD_GET_INFO has a structure of 64 bytes in its first version. */
const STRUCTURE = 0xc0400000

export const pidfdRequests: Family = {
  name: 'pidfd requests',
  share: 1,
  steps: (room) => {
    const page = newPage()
    const fd = room.call(numberOf('pidfd_open'), room.request.pid, 0)
    const codes = KINDS.flatMap((kind) => range(kind, 256)).flatMap((code) => [code, STRUCTURE + code])
    return codes.map((code) => ({
      label: `pidfd ioctl 0x${code.toString(16)}`,
      run: () => attempt(room, fd, code, page),
    }))
  },
}

function attempt(room: Room, fd: number, code: number, page: ReturnType<typeof newPage>): void {
  const how = `request 0x${code.toString(16)}`
  page.bytes.fill(0)
  page.bytes.fill(0xff, 0, 8) // the mask of PIDFD_GET_INFO: everything
  const result = room.call(numberOf('ioctl'), fd, code, page.address)
  room.look(page.bytes, 'call ioctl of a pidfd', how)
  if (!room.isNew(result)) return
  const length = room.call(numberOf('pread64'), result, page.address, PAGE, 0)
  if (length > 0) room.look(page.bytes.subarray(0, length), 'call ioctl of a pidfd', `${how}: a descriptor`)
  room.close(result)
}

function range(from: number, length: number): number[] {
  return Array.from({ length }, (_, i) => from + i)
}
