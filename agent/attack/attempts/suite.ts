/** Every attempt there is, by row. Ids are stable: reports, metrics and expectations refer to them. */

import type { Attempt } from '../attempt.ts'
import { foreignFileAttempts } from '../ways/foreign-file.ts'
import { renamedCopyAttempts } from '../ways/renamed-copy.ts'
import { agentAttempts } from './agent.ts'
import { beforeExecAttempts } from './before-exec.ts'
import { bpfAttempts } from './bpf-objects.ts'
import { childAttempts } from './children.ts'
import { coreAttempts } from './core-dump.ts'
import { environAttempts } from './environ.ts'
import { handleAttempts } from './handles.ts'
import { kernelMemoryAttempts } from './kernel-memory.ts'
import { lookAlikeAttempts } from './look-alikes.ts'
import { mapsAttempts } from './maps.ts'
import { memoryAttempts } from './memory.ts'
import { mountAttempts } from './mounts.ts'
import { perfAttempts } from './perf.ts'
import { preloadAttempts } from './preload.ts'
import { processVmAttempts } from './process-vm.ts'
import { ptraceAttempts } from './ptrace.ts'
import { tracerAttempts } from './tracer.ts'
import { uringAttempts } from './uring.ts'
import { visitorAttempts } from './visitors.ts'
import { agentGroupAttempts } from './ways/agent-group.ts'
import { agentSignalAttempts } from './ways/agent-signals.ts'
import { kernelFileAttempts } from './ways/kernel-files.ts'
import { listenerAttempts } from './ways/listener.ts'
import { lookedBeforeAttempts } from './ways/looked-before.ts'
import { machineCallAttempts } from './ways/machine-calls.ts'
import { memoryCallAttempts } from './ways/memory-call.ts'
import { perfProbeAttempts } from './ways/perf-probes.ts'
import { perfSampleAttempts } from './ways/perf-samples.ts'
import { pinNameAttempts } from './ways/pin-names.ts'
import { procEntryAttempts } from './ways/proc-entries.ts'

export const attempts: readonly Attempt[] = [
  ...environAttempts,
  ...mountAttempts,
  ...uringAttempts,
  ...memoryAttempts,
  ...processVmAttempts,
  ...ptraceAttempts,
  ...handleAttempts,
  ...perfAttempts,
  ...tracerAttempts,
  ...mapsAttempts,
  ...coreAttempts,
  ...childAttempts,
  ...renamedCopyAttempts,
  ...lookAlikeAttempts,
  ...foreignFileAttempts,
  ...preloadAttempts,
  ...visitorAttempts,
  ...agentGroupAttempts,
  ...agentAttempts,
  // The last of them end the agent.
  ...agentSignalAttempts,
  ...bpfAttempts,
  ...pinNameAttempts,
  ...kernelMemoryAttempts,
  ...kernelFileAttempts,
  ...machineCallAttempts,
  ...beforeExecAttempts,
  ...lookedBeforeAttempts,
  ...listenerAttempts,
  ...memoryCallAttempts,
  ...perfSampleAttempts,
  ...perfProbeAttempts,
  ...procEntryAttempts,
].toSorted((a, b) => a.row - b.row)

/** @throws RangeError naming the id that does not exist */
export function attemptsById(ids: readonly string[]): Attempt[] {
  return ids.map((id) => {
    const attempt = attempts.find((candidate) => candidate.id === id)
    if (!attempt) throw new RangeError(`unknown attempt \`${id}\``)
    return attempt
  })
}

export function attemptsOfRows(rows: readonly number[]): Attempt[] {
  return attempts.filter((attempt) => rows.includes(attempt.row))
}
