/** Refusals of a policy by annotations, in a new Pod and in one that runs. */
import type { PodPolicy } from '../../../agent/policy/annotations.ts'
import type { Deny } from '../answer/outcome.ts'
import type { Container, Pod } from '../pod/pod.ts'
import { refuseResources } from '../sidecar/agent-resources.ts'
import { refuseBindings, refuseChosen } from './bindings.ts'
import { refuseShape } from './unsupported.ts'

/** @param covered containers that start after the agent */
export function refusePolicy(
  pod: Pod,
  policy: PodPolicy,
  covered: readonly Container[],
  namespace: string | undefined,
): Deny | undefined {
  return (
    refuseShape(pod, policy.config.monitoring.metricsPort) ??
    refuseResources(policy.resources) ??
    refuseChosen(pod, policy) ??
    refuseBindings(pod, covered, policy.config, namespace)
  )
}
