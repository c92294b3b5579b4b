/** Ring buffer → events → log and metrics. */
import type { BpfMap } from '../libbpf/map.ts'
import { openRing, type Ring } from '../libbpf/ring.ts'
import type { Binding } from '../policy/types.ts'
import { decodeEvent } from '../wire/decode.ts'
import { describe } from './describe.ts'
import type { Log } from './sinks/log.ts'
import type { Metrics } from './sinks/metrics.ts'

export function openPipeline(events: BpfMap, bindings: () => readonly Binding[], log: Log, metrics: Metrics): Ring {
  return openRing(events, (record) => {
    const event = decodeEvent(record)
    metrics.observe(event)
    for (const line of describe(event, bindings())) log.write(line)
  })
}
