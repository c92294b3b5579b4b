/** The containers of a Pod, and what of a container several parts of the webhook ask for. */
import { AGENT_CONTAINER } from '../../../agent/policy/sidecar.ts'
import type { Container, Pod } from './pod.ts'

/** Members of a container that are probes. */
export const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const

/** Init containers first, the agent among them. */
const allContainers = ({ spec }: Pod): readonly Container[] => [...(spec.initContainers ?? []), ...spec.containers]

const isApplication = ({ name }: Container): boolean => name !== AGENT_CONTAINER

/** Init containers first, without the agent. */
export const applicationContainers = (pod: Pod): readonly Container[] => allContainers(pod).filter(isApplication)

/** Without init containers and the agent. */
export const mainContainers = ({ spec }: Pod): readonly Container[] => spec.containers.filter(isApplication)

/** The agent's container, ours or one that has its name. */
export const agentIn = (pod: Pod): Container | undefined => allContainers(pod).find((one) => !isApplication(one))
