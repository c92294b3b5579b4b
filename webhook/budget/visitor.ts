/** A connection that has come in, and how much use it was. */
import type { Socket } from 'node:net'
import type { Refusal } from './refusals.ts'

export interface Visitor {
  /** As shares are counted. */
  readonly address: string
  readonly socket: Socket
  /** Its request has no answer yet. */
  asking: boolean
  /** Answers that were not taken yet, or not made. */
  pending: number
  /** 0: asked for nothing yet; 1: asked; 2: had a review answered. */
  worth: 0 | 1 | 2
  /** When it was opened, asked or had its answer, ms. */
  last: number
}

/** Closes a connection and counts the reason. */
export type Drop = (socket: Socket | undefined, why: Refusal) => void

/** Idle ones first; of those that ask, the one that takes longest. */
export function isWorthLess(one: Visitor, other: Visitor): boolean {
  if ((one.pending === 0) !== (other.pending === 0)) return one.pending === 0
  return one.worth === other.worth ? one.last < other.last : one.worth < other.worth
}

/** Unlike the object, the same for a socket and the TLS one on top of it. */
export function keyOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`
}
