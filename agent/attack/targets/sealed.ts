/** The side with protection: an agent of our own, and canaries that get the needle from it alone. */
import { spawnSync } from 'node:child_process'
import type { Mode } from '../../policy/types.ts'
import type { Outcomes } from '../runner/attacker.ts'
import type { LaunchSpec } from '../runner/launch.ts'
import { hostForm } from './agent-form.ts'
import { type AgentProcess, startAgent } from './agent-process.ts'
import { CANARY_VARIABLE, type Canary, canaryArgv, canarySpec, newNeedle, startProcess } from './canary.ts'
import { newCleanup } from './cleanup.ts'
import { countDeliveries, type Deliveries, missingDeliveries } from './deliveries.ts'
import type { CanaryProgram } from './program.ts'
import type { Side } from './side.ts'

export interface SealedSide extends Side {
  readonly agent: AgentProcess
}

/** @throws Error where the agent does not get ready, or the program does not get its value */
export async function openSealed(program: CanaryProgram, mode: Mode, needle = newNeedle()): Promise<SealedSide> {
  const agent = await startAgent(hostForm(program, mode), needle)
  const cleanup = newCleanup()
  cleanup.add(agent.close)
  try {
    proveDelivery(program, agent, needle)
    const deliveries = await countDeliveries(agent)
    return {
      agent,
      bound: program.shells,
      start: async (victim, argv = canaryArgv(program.path)) => {
        const canary = await startSealed(canarySpec(agent.placeholder, victim, argv), agent, needle, deliveries)
        cleanup.add(canary.close)
        return canary
      },
      agentPid: async () => agent.pid,
      verify: (outcomes) => verify(agent, outcomes, deliveries),
      close: cleanup.run,
    }
  } catch (error) {
    await cleanup.run()
    throw error
  }
}

/** Asks the program itself: it alone has the needle in its environment. */
function proveDelivery({ path }: CanaryProgram, { placeholder, log }: AgentProcess, needle: Buffer): void {
  const { env } = canarySpec(placeholder, 'root')
  const asked = spawnSync(path, ['-p', `process.env.${CANARY_VARIABLE}`], { env, encoding: 'latin1' })
  if (asked.stdout?.trim() === needle.toString('latin1')) return
  const how = asked.error?.message ?? asked.signal ?? `status ${asked.status}`
  throw new Error(`the canary program did not get its value (${how}):\n${log()}`)
}

async function startSealed(
  spec: LaunchSpec,
  agent: AgentProcess,
  needle: Buffer,
  deliveries: Deliveries,
): Promise<Canary> {
  const canary = await startProcess(spec, needle)
  if ((await deliveries.since()) > 0) return canary
  await canary.close()
  throw new Error(`the canary as \`${spec.as}\` did not get its value:\n${agent.log()}`)
}

async function verify({ log }: AgentProcess, outcomes: Outcomes, deliveries: Deliveries): Promise<void> {
  const delivered = await deliveries.since().catch((error: Error) => {
    throw new Error(`the agent does not answer any more (${error.message}):\n${log()}`)
  })
  const missing = missingDeliveries(outcomes, delivered)
  if (missing !== undefined) throw new Error(`${missing}:\n${log()}`)
}
