/** Both sides once more, as a Pod, for the attempts of visitors, since on a host there are none. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Mode } from '../../policy/types.ts'
import { pinnedProgramIds, unpinUnused } from '../../scope/unpin-unused.ts'
import { shellOf } from '../attempts/child-output.ts'
import { podForm } from './agent-form.ts'
import { startAgent } from './agent-process.ts'
import { type Canary, canarySpec, newNeedle } from './canary.ts'
import { newCleanup } from './cleanup.ts'
import { countDeliveries } from './deliveries.ts'
import { detached } from './detached.ts'
import { type Pod, startInPod, startPod } from './pod.ts'
import type { CanaryProgram } from './program.ts'
import type { SealedSide } from './sealed.ts'
import type { Side } from './side.ts'

/** The application: the bound shell as its container's entrypoint. It has little to do. */
const APPLICATION = 'while :; do sleep 1; done'

/** @throws Impossible without a shell, or without the tools for a Pod */
export async function openUnprotectedPod(program: CanaryProgram): Promise<Side> {
  const needle = newNeedle()
  const pod = await startPod()
  const start = () => application(pod, program, needle.toString('latin1'), needle)
  return { bound: program.shells, start, agentPid: async () => process.pid, verify: async () => {}, close: pod.close }
}

/** @throws Error where the agent does not get ready, or the application does not get its value */
export async function openSealedPod(program: CanaryProgram, mode: Mode): Promise<SealedSide> {
  const needle = newNeedle()
  const cleanup = newCleanup()
  const pod = await startPod()
  cleanup.add(unpinAfterScopes)
  cleanup.add(pod.close)
  try {
    const agent = await startAgent(podForm(program, mode, pod.enterWithProc), needle)
    cleanup.add(agent.close)
    const deliveries = await countDeliveries(agent)
    const start = async () => {
      const canary = await application(pod, program, agent.placeholder, needle)
      if ((await deliveries.since()) > 0) return canary
      throw new Error(`the application of a Pod did not get its value:\n${agent.log()}`)
    }
    const agentPid = async () => agent.pid
    return { agent, bound: program.shells, start, agentPid, verify: async () => {}, close: cleanup.run }
  } catch (error) {
    await cleanup.run()
    throw error
  }
}

/** Milliseconds. The kernel frees the task of a Pod's init some time after its end, and ends the scope then. */
const SCOPES_END_MS = 120_000

/**
 * The policy of the whole node is that of the strictest scope that ever was, until the pins are gone: left behind, it would refuse
 * samples of whole CPUs to the attack on the next target, which is to be without protection.
 */
async function unpinAfterScopes(): Promise<void> {
  const deadline = Date.now() + SCOPES_END_MS
  const programs = new Set<number>()
  const unpin = async (): Promise<boolean> => {
    for (const id of pinnedProgramIds()) programs.add(id)
    // While the scope lives, its own rules may refuse us the pins.
    return unpinUnused().catch(() => false)
  }
  while (!(await unpin()) && Date.now() < deadline) await delay(200)
  await detached(programs, deadline)
}

function application(pod: Pod, { shells }: CanaryProgram, value: string, needle: Buffer): Promise<Canary> {
  const shell = shellOf(shells)
  return startInPod(pod, canarySpec(value, 'root', [shell, '-c', APPLICATION]), needle)
}
