/** A scope's counters, summed over the CPUs. They live as long as the scope, across agents. */

import * as ffi from '../libbpf/ffi.ts'
import type { BpfMap } from '../libbpf/map.ts'
import { COUNTER_NAMES, type Counter } from '../wire/constants.ts'
import { u32 } from '../wire/encode.ts'
import { COUNTERS } from '../wire/generated.ts'

export type Counts = Readonly<Record<Counter, number>>

const WIDTH = COUNTERS.size

/** Makes the scope's counters where there are none yet. */
export function openCounters(counters: BpfMap, scope: number): void {
  const key = u32(scope)
  if (!counters.getPerCpu(key)) counters.setPerCpu(key, Buffer.alloc(WIDTH * ffi.possibleCpus()))
}

/** Zeroes where the scope has no counters. */
export function readCounters(counters: BpfMap, scope: number): Counts {
  const perCpu = counters.getPerCpu(u32(scope)) ?? Buffer.alloc(0)
  const sum = (i: number): number => {
    let total = 0
    for (let at = i * 8; at < perCpu.length; at += WIDTH) total += Number(perCpu.readBigUInt64LE(at))
    return total
  }
  return Object.fromEntries(COUNTER_NAMES.map((name, i) => [name, sum(i)])) as Counts
}

/** The counters of several scopes together. */
export function sumOf(counters: BpfMap, scopes: Iterable<number>): Counts {
  const each = Array.from(scopes, (scope) => readCounters(counters, scope))
  const sum = (name: Counter): number => each.reduce((total, counts) => total + counts[name], 0)
  return Object.fromEntries(COUNTER_NAMES.map((name) => [name, sum(name)])) as Counts
}
