/** Access to a running sealed Pod: no session in the agent's container, no debug container beside it. */
import { AGENT_CONTAINER, PREFIX } from '../../agent/policy/sidecar.ts'
import { quote } from '../../agent/policy/text/suggest.ts'
import { deny, type Outcome, skip } from '../mutate/answer/outcome.ts'
import { isObject } from '../mutate/pod/pod.ts'
import type { Review } from './review.ts'

/** Kinds of the objects that reach `/validate` (k8s.io/api/core/v1); 1.20 to 1.22 sent EphemeralContainers. */
export const GUARDED_KINDS = ['Pod', 'PodExecOptions', 'PodAttachOptions', 'EphemeralContainers'] as const

/** On the Pod for debug containers; on the namespace for sessions too, whose requests do not carry the Pod. */
const ALLOW_DEBUG = `${PREFIX}allow-debug`

export interface GuardRules {
  /** Under `--agent-lock-policy` the Pod's annotation counts for nothing: it may have come when the Pod ran. */
  readonly locked?: boolean
  /** Agents stand among the ordinary containers, as before Kubernetes 1.29. */
  readonly agentMayBeFirst?: boolean
}

/** @param namespaceAllows the namespace's own `allow-debug` label */
export function guard(
  { operation, subResource, object }: Review,
  namespaceAllows: boolean,
  { locked = false, agentMayBeFirst = false }: GuardRules = {},
): Outcome {
  if (operation === 'CONNECT' && (subResource === 'exec' || subResource === 'attach')) {
    return guardSession(object, subResource, namespaceAllows, agentMayBeFirst)
  }
  if (operation === 'UPDATE' && subResource === 'ephemeralcontainers')
    return guardDebug(object, namespaceAllows, locked)
  return skip('not-guarded')
}

/**
 * Without a name the API server takes the only one of `spec.containers` (registry/core/pod, ExecLocation). That may be the agent
 * only where agents stand among them, in a Pod of before we refused such; kubectl always sends a name.
 */
function guardSession(
  options: unknown,
  subResource: string,
  namespaceAllows: boolean,
  agentMayBeFirst: boolean,
): Outcome {
  if (!isObject(options)) return deny('bad-review', '`request.object` is missing')
  const { container = '' } = options
  if (container === '' ? !agentMayBeFirst : container !== AGENT_CONTAINER) return skip('not-guarded')
  return namespaceAllows
    ? allowed()
    : deny(
        'agent-session',
        `\`${subResource}\` ${container === '' ? 'without a container' : `into \`${AGENT_CONTAINER}\``}`,
      )
}

/** An ephemeral container may share the PID namespace of the agent, and asks for capabilities of its own. */
function guardDebug(object: unknown, namespaceAllows: boolean, locked: boolean): Outcome {
  if (!isObject(object)) return deny('bad-review', '`request.object` is missing')
  const { spec, metadata } = object
  const lists = isObject(spec) ? [spec.initContainers, spec.containers] : [undefined]
  // An object without a Pod may be about a sealed one.
  const sealed = lists.every((list) => list === undefined) || lists.some(hasAgentIn)
  if (!sealed) return skip('not-guarded')
  const annotations = isObject(metadata) && isObject(metadata.annotations) ? metadata.annotations : {}
  if (namespaceAllows || (!locked && annotations[ALLOW_DEBUG] === 'true')) return allowed()
  const name = isObject(metadata) && typeof metadata.name === 'string' ? `Pod ${quote(metadata.name)}` : undefined
  return deny('debug-container', name)
}

const allowed = (): Outcome =>
  skip('debug-allowed', ['KernelSeal: allowed by `allow-debug`: this session may see sealed secrets'])

const hasAgentIn = (list: unknown): boolean =>
  Array.isArray(list) && list.some((container) => isObject(container) && container.name === AGENT_CONTAINER)
