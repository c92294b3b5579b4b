/**
 * Delivery where the kernel may not write itself (lockdown=integrity), or met a page that was not there: it stops the
 * process before its first instruction and reports each value to write and its address; this writes, and continues
 * it.
 */

import { type HeldProcess, holdProcess, isSameStart, killUnheld } from '../linux/process.ts'
import type { Guard } from '../node/guard.ts'
import { type ProcessRecord, processRecord, processRecords } from '../node/process-records.ts'
import type { Binding } from '../policy/types.ts'
import { hostPidOf } from '../scope/host-pid.ts'
import { encode } from '../wire/encode.ts'
import type { WaitEvent, WriteEvent } from '../wire/event.ts'
import { LIMIT, PROC_FLAG, VALUE_KEY } from '../wire/generated.ts'
import { addVariables } from './add-variables.ts'
import { callerOf, openCallers } from './callers.ts'
import { type Killed, proved } from './pinned-program.ts'

export interface Waiting {
  /** Remembers one value to be written. */
  readonly ask: (write: WriteEvent) => void
  /** Writes all that was asked for and continues the process, or kills it. */
  readonly complete: (wait: WaitEvent) => Promise<Killed | undefined>
}

/** Processes with requests and no word yet that they wait; one that failed in between leaves its requests here. */
const MOST_OPEN = 4096

/**
 * @param bindings of the scope, in the order of their numbers
 * @param added the variables of a set of bindings, for a program without placeholders
 */
export function openWaiting(
  guard: Guard,
  scope: number,
  bindings: () => readonly Binding[],
  added: (bindings: bigint) => ReadonlyMap<string, Buffer>,
): Waiting {
  const open = new Map<string, WriteEvent[]>()
  const wake = openCallers((start) => waitingIn(guard, scope).some((record) => isSameStart(record.start, start)))
  const ask = (write: WriteEvent): void => {
    const key = `${write.pid}:${write.start}`
    open.set(key, [...(open.get(key) ?? []), write])
    if (open.size > MOST_OPEN) open.delete(open.keys().next().value!)
  }
  const complete = async (wait: WaitEvent): Promise<Killed | undefined> => {
    const { actor } = wait
    const key = `${actor.pid}:${actor.start}`
    const writes = open.get(key) ?? []
    open.delete(key)
    // The canary of an agent outside of the scope's PID namespace has no number in there.
    const pid = wait.pid ? hostPidOf(wait.pid, scope) : actor.nsPid
    if (!pid) return undefined // it ended by itself
    const caller = callerOf(pid)
    let held: HeldProcess | undefined
    try {
      held = holdProcess(pid, actor.start)
      if (!held) return undefined
      const proof = wait.unproved ? await proved(pid, held, wait.bindings, bindings()) : undefined
      if (proof === 'ended') return undefined
      if (proof) {
        held.kill()
        return proof
      }
      if (!stillWaits(guard, wait)) return undefined
      if (wait.adds) addVariables(pid, held, added(wait.bindings))
      deliver(guard, scope, held, writes)
      return undefined
    } catch (error) {
      if (held) held.kill()
      else killUnheld(pid, actor.start)
      return { reason: 'not-written', why: (error as Error).message }
    } finally {
      held?.close()
      wake(caller)
    }
  }
  return { ask, complete }
}

/**
 * Asked while the process is held: its number may be another's by now, of the same 10 ms, where processes choose their numbers
 * (clone3 with set_tid). One that waits cannot become another program; the kernel ends it then.
 */
function stillWaits(guard: Guard, { key, actor }: WaitEvent): boolean {
  const record = processRecord(guard, key)
  return record?.start === actor.start && (record.flags & PROC_FLAG.WAITING) !== 0
}

function deliver(guard: Guard, scope: number, held: HeldProcess, writes: readonly WriteEvent[]): void {
  for (const write of writes) {
    const bytes = paddedValue(guard, scope, write)
    try {
      held.write(write.address, bytes)
    } finally {
      bytes.fill(0)
    }
  }
  held.continue()
}

/** The value in its chunks, then zeroes up to the capacity, so that no padding of the placeholder stays. */
function paddedValue(guard: Guard, scope: number, { value, generation, capacity }: WriteEvent): Buffer {
  const bytes = Buffer.alloc(capacity)
  if (value === 0) return bytes
  for (let chunk = 0; chunk * LIMIT.CHUNK < capacity; chunk++) {
    const found = guard.map('secret_values').get(encode(VALUE_KEY, { scope, generation, value, chunk }))
    if (!found && chunk === 0) throw new Error('the value is no longer registered')
    if (!found) break
    found.copy(bytes, chunk * LIMIT.CHUNK)
    found.fill(0)
  }
  return bytes
}

/**
 * Kills the processes that wait for an agent that has ended: the list of their values ended with it, and they must
 * not run without. @returns their numbers in the scope's PID namespace
 */
export function killAbandoned(guard: Guard, scope: number): number[] {
  const abandoned = waitingIn(guard, scope).filter(({ pid }) => pid)
  return abandoned.flatMap(({ pid, start }) => {
    const own = hostPidOf(pid, scope)
    const held = own && holdProcess(own, start)
    if (!held) return []
    held.kill()
    held.close()
    return [pid]
  })
}

const waitingIn = (guard: Guard, scope: number): ProcessRecord[] =>
  processRecords(guard).filter((record) => record.scope === scope && record.flags & PROC_FLAG.WAITING)
