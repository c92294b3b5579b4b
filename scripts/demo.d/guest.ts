/**
 * The demo's half inside the VM: `node guest.ts FOLDER`, with `disabled.json`, `enforce.json` (Pods as the webhook patched
 * them) and `database`. Starts both Pods one after the other and attacks both in the same way. With KSEAL_DEMO_METRICS their agents'
 * metrics are printed too.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome } from '../../agent/attack/attempt.ts'
import { AGENT_CONTAINER } from '../../agent/policy/sidecar.ts'
import { agentLines, eventsIn } from './agent-log.ts'
import { attack, attackers, attempts, STAND_IN, withStandIn } from './attackers.ts'
import { type Database, startDatabase } from './database.ts'
import { images } from './images.ts'
import { startRecorder } from './metrics-page.ts'
import { newPassword } from './password.ts'
import { type RunningPod, startPod } from './pod/kubelet.ts'
import type { Pod } from './pod/spec.ts'
import { step, tell } from './say.ts'
import { checkDelivery, showPlaceholders } from './shows.ts'
import { flaws, type Result, refusals, renderTable } from './table.ts'

const began = Date.now()
const folder = process.argv[2]!
const problems: string[] = []
const database = startDatabase(join(folder, 'database'))
const without = await run('disabled')
const sealed = await run('enforce')
database.stop()
process.exitCode = conclude(attackers.map((attacker, i) => ({ attacker, without: without[i]!, with: sealed[i]! })))

/** @returns each attacker's outcomes */
async function run(mode: 'disabled' | 'enforce'): Promise<Map<string, Outcome>[]> {
  step(`The Pod with kernelseal.io/mode: ${mode}${mode === 'disabled' ? ', for comparison' : ''}`)
  if (mode === 'disabled')
    tell('the agent is guarded in every mode: attempts on it go to a process like it, which is not')
  const password = newPassword()
  const pod = await startedPod(mode, password, database)
  const recorder = process.env.KSEAL_DEMO_METRICS ? startRecorder() : undefined
  try {
    problems.push(...(await checkDelivery(pod, password)))
    if (mode === 'enforce') problems.push(...showPlaceholders(pod))
    const outcomes = attackers.map((attacker) => {
      tell(`attack: ${attacker.title} (${attempts.length} attempts) …`)
      return attack(pod, mode === 'enforce' ? AGENT_CONTAINER : STAND_IN, attacker, password)
    })
    if (mode === 'enforce') tell(`the agent's log:\n${agentLines(eventsIn(pod.container(AGENT_CONTAINER).log()))}`)
    return outcomes
  } finally {
    recorder?.kill()
    await pod.stop()
  }
}

async function startedPod(mode: string, password: string, { setPassword }: Database): Promise<RunningPod> {
  const given = JSON.parse(readFileSync(join(folder, `${mode}.json`), 'utf8')) as Pod
  const pod = mode === 'enforce' ? given : withStandIn(given)
  await setPassword('shop', password)
  tell('starting its containers with runc: the agent first, the others when /readyz says that protection stands …')
  const running = await startPod(pod, { images, secrets: { 'db-credentials': { password } } })
  tell(`started ${seconds()} s after the VM`)
  return running
}

function conclude(results: readonly Result[]): number {
  step('The same attempts on both Pods (READ: it worked; –: not possible for this attacker, protected or not)')
  console.log(`\n${renderTable(attempts, results)}\n`)
  problems.push(...flaws(attempts, results))
  for (const problem of problems) tell(`PROBLEM: ${problem}`)
  if (problems.length > 0) tell(`FAILED: ${problems.length} problems`)
  else
    tell(
      `OK: the application had its secret; ${refusals(attempts, results)} attempts worked without protection and were refused with it`,
    )
  return problems.length > 0 ? 1 : 0
}

function seconds(): number {
  return Math.round((Date.now() - began) / 1000)
}
