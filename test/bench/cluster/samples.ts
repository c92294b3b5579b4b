/** The times of one Pod's start. */
export const KINDS = ['bare', 'sealed'] as const
export type Kind = (typeof KINDS)[number]

/** In their order; those of the agent only where there is one. */
export const MARKS = ['admitted', 'agentStarted', 'agentReady', 'running'] as const
export type Mark = (typeof MARKS)[number]

export interface Sample {
  readonly kind: Kind
  /** Milliseconds from the request on, as a client of the API server sees it. */
  readonly ms: Readonly<Partial<Record<Mark, number>>>
  /** The kernel's time for it. */
  readonly deliveryNs?: number
}
