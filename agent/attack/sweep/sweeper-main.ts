/** The sweep's process: already under its attacker's identity, it reads one request from stdin and goes through the families. */
import { readFileSync, writeSync } from 'node:fs'
import { sys } from '../../linux/syscall.ts'
import { stateOf } from '../runner/launch.ts'
import { families, sliceOf } from './families.ts'
import type { Step } from './family.ts'
import { shuffled } from './order.ts'
import type { Message, SweepRequest } from './request.ts'
import { newRoom, type Room } from './room.ts'

const TICK_MS = 50
const SIGALRM = 14
const ITIMER_REAL = 0
const SIGNAL_SET_BYTES = 8
/** include/uapi/asm-generic/signal-defs.h */
const SA_RESTART = 0x10000000

const request = JSON.parse(readFileSync(0, 'utf8')) as SweepRequest
interruptWhatBlocks()
const room = newRoom(request, report)
const end = Date.now() + request.milliseconds
for (let index = request.from.family; index < families.length; index++) if (!runFamily(index)) break
blockFor(0) // Node takes its handlers away before it ends

/** @returns whether the target is still there */
function runFamily(index: number): boolean {
  const family = families[index]!
  const until = Date.now() + sliceOf(index, end - Date.now())
  const first = index === request.from.family ? request.from.step : 0
  const before = room.calls()
  const steps = shuffled(family.steps(room), request.seed)
  room.keep()
  let step = first
  let lost = false
  for (; step < steps.length && Date.now() < until && !lost; step++) {
    report({ at: { family: index, step }, label: steps[step]!.label })
    take(steps[step]!)
    lost = !isAlive(request.pid)
    if (lost) report({ lost: steps[step]!.label })
  }
  room.clear()
  report({
    tally: { family: family.name, steps: steps.length, taken: step - first, calls: room.calls() - before },
  })
  return !lost
}

function take(step: Step): void {
  try {
    step.run()
  } catch {} // a failed step showed nothing
  if (request.isProtected) askSecond(room, step.label)
  room.tidy()
}

/**
 * Checks that no step has switched protection off: the environment of the second process is refused to every attacker
 * while protection stands.
 */
function askSecond({ open, close, found }: Room, label: string): void {
  const fd = open(`/proc/${request.second}/environ`, 0)
  if (fd < 0) return
  close(fd)
  found(
    `step ${label.replaceAll(/\d+/g, 'N')}`,
    `after it the environment of process ${request.second} could be opened`,
    'protection',
  )
}

function isAlive(pid: number): boolean {
  try {
    return !'ZX'.includes(stateOf(pid))
  } catch {
    return false
  }
}

/** Synchronous: the next step may end this process. */
function report(message: Message): void {
  writeSync(1, `${JSON.stringify(message)}\n`)
}

/**
 * A timer whose signal has a handler ends a call that blocks with EINTR. Node's handlers restart calls (SA_RESTART): that is taken
 * out of the one it has installed, which stays in all else.
 */
function interruptWhatBlocks(): void {
  process.on('SIGALRM', () => {})
  const action = Buffer.alloc(32)
  sys('rt_sigaction', SIGALRM, null, action, SIGNAL_SET_BYTES)
  action.writeBigUInt64LE(action.readBigUInt64LE(8) & ~BigInt(SA_RESTART), 8)
  sys('rt_sigaction', SIGALRM, action, null, SIGNAL_SET_BYTES)
  blockFor(TICK_MS)
}

/** How long a call may block. struct itimerval: seconds and microseconds, of the interval and until the first; 0 ends it. */
function blockFor(milliseconds: number): void {
  const timer = Buffer.alloc(32)
  for (const field of [0, 16]) timer.writeBigUInt64LE(BigInt(milliseconds * 1000), field + 8)
  sys('setitimer', ITIMER_REAL, timer, null)
}
