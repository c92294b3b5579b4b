/** A scope's rings: events and orders for its agent. */
import { closeSync } from 'node:fs'
import { BpfError } from '../libbpf/error.ts'
import * as ffi from '../libbpf/ffi.ts'
import { BpfMap } from '../libbpf/map.ts'
import type { Guard } from '../node/guard.ts'
import { u32 } from '../wire/encode.ts'

/** Events and orders for an agent: a ring each, so that no flood of the one drowns the other. */
const RINGS = ['rings', 'orders'] as const

/** Bytes of a scope's ring, 432 an event: about 600 in a Pod, 9,700 on a host, which has more that happens at once. */
const POD_RING_BYTES = 1 << 18
const HOST_RING_BYTES = 1 << 22

/** From now on nothing is stopped for an agent that does not listen: a start that would have to wait fails instead. */
export function closeScopeRings(guard: Guard, scope: number): void {
  for (const map of RINGS) guard.map(map).delete(u32(scope))
}

interface ScopeRings {
  readonly events: BpfMap
  readonly orders: BpfMap
}

/** New rings for the scope; unread events of earlier ones are gone with them. The caller closes them. */
export function openScopeRings(guard: Guard, scope: number, host: boolean): ScopeRings {
  const events = openScopeRing(guard, 'rings', scope, host)
  try {
    return { events, orders: openScopeRing(guard, 'orders', scope, host) }
  } catch (error) {
    closeSync(events.fd)
    throw error
  }
}

function openScopeRing(guard: Guard, map: (typeof RINGS)[number], scope: number, host: boolean): BpfMap {
  const fd = ffi.createRing(`ks_${map}`, host ? HOST_RING_BYTES : POD_RING_BYTES)
  if (fd < 0) throw new BpfError('bpf_map_create', -fd, `make the ring buffer of scope ${scope}`)
  try {
    guard.map(map).set(u32(scope), u32(fd))
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return new BpfMap(map, fd, 0, 0)
}
