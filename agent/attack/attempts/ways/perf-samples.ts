/**
 * Row 3: perf samples that hold neither the stack nor registers, and yet tell of user memory (bpf/lib/perf_sample.h). With a
 * breakpoint in getenv(3), the words of a call chain are pieces of the environment. Of whole CPUs each is asked for too: such an
 * event has no target that could be guarded.
 */
import { openSampler, type Sampled } from '../../../linux/perf-sampler.ts'
import type { Attempt } from '../../attempt.ts'
import { openCpuSamplers, sampleAny } from '../perf.ts'

const row3 = { row: 3, switch: 'blockPtrace', proof: 'refusal', takesFullRoot: true } as const

/** Branches are recorded by a processor that has a unit for it: not by an emulated one. */
const KINDS: Readonly<Partial<Record<Sampled, string>>> = {
  callchain: 'perf samples of the call chain',
  instruction: 'perf samples of the instruction in user mode',
  address: 'perf samples of the address that an instruction used',
  raw: 'perf samples with the raw data of their event',
  branches: 'perf samples of the last branches',
  aux: 'perf samples of the trace beside them (AUX)',
}
/** Those that perf-cpu, of the stack, leaves. */
const OF_CPUS = { ...KINDS, registers: 'perf samples of the interrupted registers' }

/** No emulated processor records branches. */
const meansOf = (of: string): Pick<Attempt, 'mayBeAbsent'> => (of === 'branches' ? { mayBeAbsent: true } : {})

export const perfSampleAttempts: readonly Attempt[] = [
  ...Object.entries(KINDS).map(
    ([of, title]): Attempt => ({
      ...row3,
      id: `perf-${of}`,
      ...meansOf(of),
      title: `${title}, by task`,
      run: ({ pid }) => sampleAny([openSampler(pid, -1, of as Sampled)], pid),
    }),
  ),
  ...Object.entries(OF_CPUS).map(
    ([of, title]): Attempt => ({
      ...row3,
      id: `perf-${of}-cpu`,
      ...meansOf(of),
      title: `${title}, by CPU`,
      run: ({ pid }) => sampleAny(openCpuSamplers(of as Sampled), pid),
    }),
  ),
]
