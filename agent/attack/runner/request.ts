/** The runner's requests to the attacker's process over stdin, and the answers, one JSON document per line. */
import type { Outcome, Target } from '../attempt.ts'
import type { LaunchSpec } from './launch.ts'

export interface AttackRequest {
  readonly ids: readonly string[]
  readonly pid: number
  /** Hex. */
  readonly needle: string
  /** Two decimal addresses; JSON has no 64-bit integers. */
  readonly region?: readonly [start: string, end: string]
  readonly start?: LaunchSpec
  readonly shell?: string
  readonly pinned?: string
  readonly agentPid?: number
  readonly tracepoint?: number
  readonly disruptive?: boolean
}

/** `outcome` absent: the attempt begins. An attempt that begins and never ends took its process with it, or hangs. */
export interface Progress {
  readonly id: string
  readonly outcome?: Outcome
}

export function requestFor({ needle, region, ...rest }: Target, ids: readonly string[]): AttackRequest {
  const addresses = region && ([String(region.start), String(region.end)] as const)
  return { ...rest, ids, needle: needle.toString('hex'), ...(addresses && { region: addresses }) }
}

export function targetOf({ ids: _, needle, region, ...rest }: AttackRequest): Target {
  const addresses = region && { start: BigInt(region[0]), end: BigInt(region[1]) }
  return { ...rest, needle: Buffer.from(needle, 'hex'), ...(addresses && { region: addresses }) }
}
