/** The attackers of the application's process, their places, and the outcome of each attempt. */
import type { Outcome } from '../../agent/attack/attempt.ts'
import { attemptsOfRows } from '../../agent/attack/attempts/suite.ts'
import type { Identity } from '../../agent/attack/runner/identity.ts'
import { AGENT_CONTAINER } from '../../agent/policy/sidecar.ts'
import { capabilitiesOf } from './pod/capabilities.ts'
import type { ExecOptions } from './pod/container.ts'
import type { RunningPod } from './pod/kubelet.ts'
import type { Pod } from './pod/spec.ts'

export interface Attacker {
  readonly title: string
  /** Full root is never refused by the kernel itself; the others are where they lack a capability. */
  readonly identity: Identity
  readonly container: string
  readonly options: ExecOptions
  /** May stop and kill the agent: later attempts could not attack the agent any more. */
  readonly last?: true
}

const DEFAULT = { process: { capabilities: capabilitiesOf() } }

export const attackers: readonly Attacker[] = [
  { title: 'kubectl exec into app', identity: 'container-root', container: 'app', options: DEFAULT },
  { title: 'root in intruder', identity: 'container-root', container: 'intruder', options: DEFAULT },
  { title: 'all capabilities', identity: 'root', container: 'intruder', options: {}, last: true },
]

/** Of the table of ways to a secret: environ, mem, ptrace and its kin, and the agent itself. */
export const ROWS = [1, 2, 3, 12]
export const attempts = attemptsOfRows(ROWS)

/** A process with the agent's user, capabilities and mounts that nothing guards: the agent itself is guarded in every mode. */
export const STAND_IN = 'agent-stand-in'

/** The Pod with that container beside the agent's. */
export function withStandIn(pod: Pod): Pod {
  const agent = pod.spec.initContainers?.find(({ name }) => name === AGENT_CONTAINER)
  if (agent === undefined) throw new Error('the Pod has no agent')
  const { image, securityContext = {}, volumeMounts = [] } = agent
  const standIn = { name: STAND_IN, image, securityContext, volumeMounts, command: ['sleep', 'infinity'] }
  return { ...pod, spec: { ...pod.spec, containers: [...pod.spec.containers, standIn] } }
}

const SUITE = '/work/agent/attack/runner/main.ts'

/** @param agentContainer name of the one attacked as the agent @returns an outcome per attempt @throws when the attacker's own program fails */
export function attack(
  pod: RunningPod,
  agentContainer: string,
  { container, options, last }: Attacker,
  needle: string,
): Map<string, Outcome> {
  const [target, agent] = [pod.container('app'), pod.container(agentContainer)]
  const pids = ['--pid', String(target.podPid), '--agent-pid', String(agent.podPid)]
  const args = ['node', SUITE, ...pids, '--rows', ROWS.join(','), '--json', ...(last ? ['--disruptive'] : [])]
  const { status, stdout, stderr } = pod.container(container).exec(args, { ...options, input: needle })
  // 0: nothing leaked, 1: something did. Anything else is no result.
  if (status !== 0 && status !== 1) throw new Error(`the attack suite ended with status ${status}:\n${stderr}`)
  return new Map(stdout.split('\n').filter(Boolean).map(parseLine))
}

function parseLine(line: string): [string, Outcome] {
  const { id, ...outcome } = JSON.parse(line) as { id: string } & Outcome
  return [id, outcome as Outcome]
}
