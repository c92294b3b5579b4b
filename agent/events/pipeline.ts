/** Ring buffers → events → log and metrics. */
import { closeSync } from 'node:fs'
import type { LeftPlaceholder } from '../delivery/left-placeholders.ts'
import type { Waiting } from '../delivery/stopped.ts'
import type { BpfMap } from '../libbpf/map.ts'
import { openRing, type Ring } from '../libbpf/ring.ts'
import type { Binding } from '../policy/types.ts'
import { decodeEvent } from '../wire/decode.ts'
import type { KernelEvent, Task, WaitEvent } from '../wire/event.ts'
import { describe } from './describe.ts'
import { leftPlaceholder } from './failure.ts'
import type { Log } from './sinks/log.ts'
import type { Metrics } from './sinks/metrics.ts'

/** Events and orders for the agent (agent/scope/rings.ts). */
interface Rings {
  readonly events: BpfMap
  readonly orders: BpfMap
}

/** The agent's own work that events start. */
interface Work {
  readonly waiting: Waiting
  /** Of a program that started without a placeholder that the kernel knows. */
  readonly left: (task: Task) => readonly LeftPlaceholder[]
}

/** Owns the rings' descriptors from here on. */
export function openPipeline(
  rings: Rings,
  bindings: () => readonly Binding[],
  log: Log,
  metrics: Metrics,
  { waiting, left }: Work,
): Ring {
  const report = (event: KernelEvent): void => {
    metrics.observe(event)
    for (const line of describe(event, bindings())) log.write(line)
    if (event.kind !== 'fail' || event.reason !== 'no-placeholder') return
    for (const one of left(event.actor)) log.write(leftPlaceholder(event, one))
  }
  const events = openRing(rings.events, (record) => report(decodeEvent(record)))
  const serve = async (event: WaitEvent): Promise<void> => {
    const killed = await waiting.complete(event)
    if (!killed) return
    report({ ...event, kind: 'fail', action: 'killed', reason: killed.reason, error: 0 })
    log.say('error', 'FAIL', `PID ${event.pid}: ${killed.why}`)
  }
  const orders = openRing(rings.orders, (record) => {
    const event = decodeEvent(record)
    if (event.kind === 'write') return waiting.ask(event)
    if (event.kind !== 'wait') return report(event) // none of ours: said and counted as unknown
    void serve(event)
  })
  let open = true
  const close = (): void => {
    if (!open) return
    open = false
    for (const ring of [orders, events]) ring.close()
    for (const { fd } of [rings.orders, rings.events]) closeSync(fd)
  }
  const drain = (): void => {
    orders.drain()
    events.drain()
  }
  return { drain, close }
}
