/** The kernel's records of processes, as they are now. */

import type { BpfMap } from '../libbpf/map.ts'
import { PROC_FLAG, PROCESS } from '../wire/generated.ts'
import type { Guard } from './guard.ts'

export interface ProcessRecord {
  readonly scope: number
  /** Bits of PROC_FLAG. */
  readonly flags: number
  /** ns since boot */
  readonly start: bigint
  /** Bindings it is sealed under. */
  readonly bindings: bigint
  /** With the flag GIVEN or WAITING: its number in the scope's PID namespace. A forked child has its parent's. */
  readonly pid: number
  /** Of its mount namespace when it entered. */
  readonly container: bigint
  /** Of the scope when the values it has were given; forked children have their parent's. */
  readonly generation: bigint
}

/** In one walk; a process that starts or ends meanwhile may be missed (kernel/bpf/hashtab.c). */
export function processRecords(guard: Guard): ProcessRecord[] {
  const processes = guard.map('processes')
  return processes.keys().flatMap((key) => decoded(processes.get(key)) ?? [])
}

/** @param key of its record: the address of its task, as the kernel's orders name it */
export function processRecord(guard: Guard, key: bigint): ProcessRecord | undefined {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(key)
  return decoded(guard.map('processes').get(bytes))
}

function decoded(record: Buffer | undefined): ProcessRecord | undefined {
  if (!record) return undefined
  const { scope, flags, start, bindings, pid, generation, container } = PROCESS.fields
  const u32 = ([at]: readonly [number, number]): number => record.readUInt32LE(at)
  const u64 = ([at]: readonly [number, number]): bigint => record.readBigUInt64LE(at)
  return {
    scope: u32(scope),
    flags: u32(flags),
    start: u64(start),
    bindings: u64(bindings),
    pid: u32(pid),
    container: u64(container),
    generation: u64(generation),
  }
}

/** Scopes whose agent lives: an agent that was killed may have left entries behind. */
export function livingAgents(agents: BpfMap, processes: BpfMap): Set<number> {
  const lives = (key: Buffer): boolean => {
    const agent = agents.get(key)
    return agent !== undefined && processes.get(agent.subarray(0, processes.keySize)) !== undefined
  }
  return new Set(
    agents
      .keys()
      .filter(lives)
      .map((key) => key.readUInt32LE(0)),
  )
}

/** The set of bindings that processes of a scope have. */
export const bindingsInUse = (records: readonly ProcessRecord[], scope: number): bigint =>
  records.reduce((set, record) => (record.scope === scope ? set | record.bindings : set), 0n)

/** Sealed processes alive in a scope, forked children included. */
export function sealedIn(records: readonly ProcessRecord[], scope: number): number {
  const alive = PROC_FLAG.SEALED | PROC_FLAG.ENDED | PROC_FLAG.CANARY
  return records.filter((record) => record.scope === scope && (record.flags & alive) === PROC_FLAG.SEALED).length
}
