/** perf_event_open(2): every kind of event times every bit of a sample, of the target and of whole CPUs. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { memoryAt, sleep } from '../../../linux/syscall.ts'
import { numberOf } from '../../../linux/syscall-numbers.ts'
import type { Family, Step } from '../family.ts'
import { newPage, PAGE, type Room } from '../room.ts'
import { attributes, BITS, type Bit, type Event } from './sample-attributes.ts'
import { samplesOf } from './sample-records.ts'

const SOURCES = '/sys/bus/event_source/devices'
const FLAG_FD_CLOEXEC = 8
const IOC_ENABLE = 0x2400
const PROT_READ_WRITE = 3
const MAP_SHARED = 1
/** Two samples of 64 KiB; a page more is the control page. Below the perf_event_mlock_kb of every user. */
const DATA_PAGES = 64
const LENGTH = PAGE * (1 + DATA_PAGES)
/** The target runs a quarter of the time: some 60 samples. */
const PATIENCE_MS = 250

export const samples: Family = {
  name: 'perf samples',
  share: 3,
  steps: (room) => {
    const name = newPage()
    name.bytes.write('do_sys_openat2\0')
    const [attr, scopes] = [
      newPage(),
      [
        { pid: room.request.pid, cpu: -1 },
        { pid: -1, cpu: 0 },
      ],
    ]
    return eventsOf(room, name.address).flatMap((event) =>
      Object.keys(BITS).flatMap((bit) =>
        scopes.map(({ pid, cpu }): Step => {
          const how = `${event.name}, ${cpu < 0 ? 'by task' : 'by CPU'}`
          const run = () => {
            attributes(attr.bytes, event, bit as Bit)
            sample(room, { attr: attr.address, pid, cpu }, bit as Bit, how)
          }
          return { label: `sample ${bit} of ${how}`, run }
        }),
      ),
    )
  },
}

/** Events without a source of their own first (enum perf_type_id), then those that sysfs shows. */
function eventsOf(room: Room, functionName: number): Event[] {
  const { remote, request } = room
  const named = readdirSync(SOURCES).filter((name) => !['software', 'tracepoint', 'breakpoint', 'cpu'].includes(name))
  return [
    { name: 'cpu-clock', type: 1, config: 0 },
    { name: 'page-faults', type: 1, config: 2 },
    { name: 'context-switches', type: 1, config: 3 },
    { name: 'cycles', type: 0, config: 0 },
    { name: 'instructions', type: 4, config: 0xc0 },
    { name: 'raw_syscalls:sys_enter', type: 2, config: request.tracepoint, everyOne: true },
    { name: 'breakpoint', type: 5, config: 0, breakpoint: remote + BigInt(PAGE - 64) },
    ...named.map((name) => ({ name, type: typeOf(name), config: 0, probed: BigInt(functionName), everyOne: true })),
  ]
}

function typeOf(source: string): number {
  return Number(readFileSync(join(SOURCES, source, 'type'), 'utf8'))
}

interface Opening {
  readonly attr: number
  readonly pid: number
  readonly cpu: number
}

function sample(room: Room, { attr, pid, cpu }: Opening, bit: Bit, how: string): void {
  const fd = room.call(numberOf('perf_event_open'), attr, pid, cpu, -1, FLAG_FD_CLOEXEC)
  if (fd < 0) return
  try {
    watch(room, fd, bit, how)
  } finally {
    room.close(fd)
  }
}

function watch(room: Room, fd: number, bit: Bit, how: string): void {
  const address = room.call(numberOf('mmap'), 0, LENGTH, PROT_READ_WRITE, MAP_SHARED, fd, 0)
  if (address < 0) return
  room.call(numberOf('ioctl'), fd, IOC_ENABLE, 0)
  const memory = memoryAt(address, LENGTH)
  try {
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; sleep(10)) {
      for (const bytes of samplesOf(memory, room.request.pid)) if (room.look(bytes, `sample ${bit}`, how)) return
    }
  } finally {
    room.call(numberOf('munmap'), address, LENGTH)
  }
}
