/** All families of ways, in the order in which an attacker goes through them. The last has what time the others leave: samples are waited for. */
import { bpfCommands } from './families/bpf-commands.ts'
import { systemCalls } from './families/calls.ts'
import { kernelFiles } from './families/kernel-files.ts'
import { processFiles } from './families/process-files.ts'
import { pidfdRequests, ptraceRequests } from './families/requests.ts'
import { samples } from './families/samples.ts'
import type { Family } from './family.ts'

export const families: readonly Family[] = [
  processFiles,
  ptraceRequests,
  pidfdRequests,
  bpfCommands,
  systemCalls,
  kernelFiles,
  samples,
]

/** How long a family may take from now, the rest of the time shared in proportion to each one's share. */
export function sliceOf(index: number, left: number): number {
  const shares = families.slice(index).reduce((sum, { share }) => sum + share, 0)
  return (left * families[index]!.share) / shares
}
