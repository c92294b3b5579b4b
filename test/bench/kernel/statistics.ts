/** Time in our programs, by the kernel's own account (kernel.bpf_stats_enabled). */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { ProgramTime } from './samples.ts'

const SWITCH = '/proc/sys/kernel/bpf_stats_enabled'
/** The cost of taking the time twice, ns (measured natively; under emulation it is more, and stays in the figure). */
const OWN_NS = 20

interface Program {
  readonly id: number
  readonly name?: string
  readonly run_time_ns?: number
  readonly run_cnt?: number
}

/** Enables the statistics while `body` runs. @param operations in `body` */
export async function programTimes(
  variant: string,
  operations: number,
  body: () => Promise<unknown>,
): Promise<ProgramTime[]> {
  writeFileSync(SWITCH, '1')
  try {
    const before = new Map(programs().map((program) => [program.id, program]))
    await body()
    return programs().flatMap(({ id, name = '?', run_time_ns = 0, run_cnt = 0 }) => {
      const calls = run_cnt - (before.get(id)?.run_cnt ?? 0)
      const ns = run_time_ns - (before.get(id)?.run_time_ns ?? 0)
      if (calls < operations / 100) return []
      return [{ variant, program: name, callsPerOperation: calls / operations, nsPerCall: ns / calls - OWN_NS }]
    })
  } finally {
    writeFileSync(SWITCH, '0')
  }
}

function programs(): Program[] {
  const { stdout } = spawnSync('bpftool', ['--json', 'prog', 'show'], { encoding: 'utf8', maxBuffer: 1 << 24 })
  return JSON.parse(stdout)
}
