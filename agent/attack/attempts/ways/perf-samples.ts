/**
 * Row 3: perf samples that hold neither the stack nor registers, and yet tell of user memory (bpf/lib/perf_sample.h). With a
 * breakpoint in getenv(3), the words of a call chain are pieces of the environment.
 */
import { openSampler, type Sampled } from '../../../linux/perf-sampler.ts'
import type { Attempt } from '../../attempt.ts'
import { sampleAny } from '../perf.ts'

const row3 = { row: 3, switch: 'blockPtrace', proof: 'refusal' } as const

const KINDS: Readonly<Partial<Record<Sampled, string>>> = {
  callchain: 'perf samples of the call chain',
  instruction: 'perf samples of the instruction in user mode',
  address: 'perf samples of the address that an instruction used',
}

export const perfSampleAttempts: readonly Attempt[] = Object.entries(KINDS).map(([of, title]) => ({
  ...row3,
  id: `perf-${of}`,
  title: `${title}, by task`,
  run: ({ pid }) => sampleAny(openSampler(pid, -1, of as Sampled)),
}))
