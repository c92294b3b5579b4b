/** Ring buffer → events → log and metrics. */
import { closeSync } from 'node:fs'
import type { BpfMap } from '../libbpf/map.ts'
import { openRing, type Ring } from '../libbpf/ring.ts'
import type { Binding } from '../policy/types.ts'
import { decodeEvent } from '../wire/decode.ts'
import { describe } from './describe.ts'
import type { Log } from './sinks/log.ts'
import type { Metrics } from './sinks/metrics.ts'

/** Owns the ring's descriptor from here on. */
export function openPipeline(events: BpfMap, bindings: () => readonly Binding[], log: Log, metrics: Metrics): Ring {
  const ring = openRing(events, (record) => {
    const event = decodeEvent(record)
    metrics.observe(event)
    for (const line of describe(event, bindings())) log.write(line)
  })
  let open = true
  const close = (): void => {
    if (!open) return
    open = false
    ring.close()
    closeSync(events.fd)
  }
  return { drain: ring.drain, close }
}
