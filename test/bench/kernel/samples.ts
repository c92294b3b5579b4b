/** The measurements of one run. */

/** `none`: nothing of ours is loaded; `floor`: empty programs instead of ours. Otherwise the number of registered scopes. */
export type Phase = 'none' | 'floor' | '1' | '50' | '500'

/** Mean time of one operation, in ns, over the operations of one sample. */
export interface Sample {
  readonly round: number
  readonly phase: Phase
  readonly variant: string
  readonly ns: number
}

/** By BPF statistics, over the operations of one variant. */
export interface ProgramTime {
  readonly variant: string
  readonly program: string
  readonly callsPerOperation: number
  /** Less the cost of the statistics themselves. */
  readonly nsPerCall: number
}

export interface BenchResult {
  /** As scripts/vm calls it. */
  readonly kernel: string
  /** Whether the clock counted instructions: then each `ns` is one. */
  readonly counted: boolean
  readonly release: string
  readonly refusal: string
  readonly delivery: string
  readonly rounds: number
  /** Of events, in all of it: with lost ones the kernel would have done less than it has to. */
  readonly eventsLost: number
  readonly samples: readonly Sample[]
  readonly programs: readonly ProgramTime[]
}
