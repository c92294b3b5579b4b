/** What one Pod's start took. */
export const KINDS = ['bare', 'sealed'] as const
export type Kind = (typeof KINDS)[number]

/** In their order; those of the agent only where there is one. */
export const MARKS = ['admitted', 'agentStarted', 'agentReady', 'running'] as const
export type Mark = (typeof MARKS)[number]

export interface Sample {
  readonly kind: Kind
  /** Milliseconds from the request on, as whoever asks the API server sees it. */
  readonly ms: Readonly<Partial<Record<Mark, number>>>
  /** What the kernel took for it. */
  readonly deliveryNs?: number
}
