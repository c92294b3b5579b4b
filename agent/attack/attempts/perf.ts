/**
 * Row 3: perf samples with the user stack (kernel/events/core.c, perf_output_sample_ustack), or with registers. A
 * process with CAP_PERFMON never meets the ptrace check (kernel/events/core.c, perf_check_permission).
 */
import { readFileSync } from 'node:fs'
import { openSampler, type Sampled, type Sampler } from '../../linux/perf-sampler.ts'
import { fillStackGap } from '../../linux/stack-gap.ts'
import { sleep } from '../../linux/syscall.ts'
import { type Attempt, empty, leaked, type Outcome, prepare, type Target } from '../attempt.ts'

const row3 = { row: 3, switch: 'blockPtrace', proof: 'refusal', takesFullRoot: true } as const

export const perfAttempts: readonly Attempt[] = [
  {
    ...row3,
    id: 'perf-task',
    title: 'perf samples of the user stack, by task',
    run: (t) => sampleStack([openSampler(t.pid, -1)], t, PATIENT_MS),
  },
  {
    ...row3,
    id: 'perf-cpu',
    title: 'perf samples of the user stack, by CPU',
    run: (t) => sampleStack(openCpuSamplers(), t, PATIENT_MS),
  },
  {
    ...row3,
    id: 'perf-registers',
    title: 'perf samples of the interrupted registers, by task',
    run: (t) => sampleAny([openSampler(t.pid, -1, 'registers')], t.pid),
  },
]

/** The canary runs a quarter of the time, so that this is some hundred chances. */
const SAMPLING_MS = 1500

/**
 * For samplers that a guarded target would not have let open: on a busy machine it may not run for many seconds. It ends with
 * the first sample that has the needle, and within the time an attempt may be silent.
 */
const PATIENT_MS = 40_000

/** Watches the samplers until one caught the needle on the stack of `pid`; closes them all. */
export function sampleStack(
  samplers: readonly Sampler[],
  { pid, needle }: Pick<Target, 'pid' | 'needle'>,
  longest = SAMPLING_MS,
): Outcome {
  try {
    fillStackGap(pid)
    let bytes = 0
    for (const deadline = Date.now() + longest; Date.now() < deadline; sleep(10)) {
      for (const sampler of samplers) {
        const drained = sampler.drain()
        bytes += drained.length
        if (drained.includes(needle)) return leaked(`in ${bytes} bytes of samples`)
      }
    }
    return empty(`${bytes} bytes of samples`)
  } finally {
    for (const sampler of samplers) sampler.close()
  }
}

/** Which value is in a register, or on the way of a call, is chance: any sample of the target counts. */
export function sampleAny(samplers: readonly Sampler[], pid: number): Outcome {
  const task = taskOf(pid)
  try {
    for (const deadline = Date.now() + PATIENT_MS; Date.now() < deadline; sleep(10)) {
      for (const sampler of samplers) {
        const drained = sampler.drain()
        if (drained.includes(task)) return leaked(`in ${drained.length} bytes of samples`)
      }
    }
    return empty('no sample of the target')
  } finally {
    for (const sampler of samplers) sampler.close()
  }
}

/** A CPU's ring has the attacker's samples too. How each sample says whose it is: two words, process and thread. */
function taskOf(pid: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(pid, 0)
  bytes.writeUInt32LE(pid, 4)
  return bytes
}

export function openCpuSamplers(of: Sampled = 'stack'): Sampler[] {
  const cpus = prepare('list of CPUs', () => readFileSync('/sys/devices/system/cpu/online', 'utf8'))
  return expand(cpus.trim()).map((cpu) => openSampler(-1, cpu, of))
}

/** `0-2,5` → 0, 1, 2, 5 (Documentation/admin-guide/cputopology.rst). */
export function expand(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}
