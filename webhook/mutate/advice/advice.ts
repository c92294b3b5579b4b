/** Warnings about a Pod that is sealed, and will still surprise its author. */
import type { IsFor } from '../../../agent/policy/secrets/variables.ts'
import type { Config } from '../../../agent/policy/types.ts'
import type { Container, Pod } from '../pod/pod.ts'
import { warnAboutOpenValues } from './in-the-open.ts'
import { warnAboutInit, warnAboutPidOne } from './pid-one.ts'
import { warnAboutHostNetwork } from './resources.ts'
import { warnAboutVisitors } from './visitors.ts'

export interface Advised {
  readonly pod: Pod
  readonly config: Config
  /** Containers that start after the agent. */
  readonly covered: readonly Container[]
  readonly serves: IsFor
}

export function adviceOn(advised: Advised): string[] {
  const { pod, config } = advised
  return [
    ...warnAboutInit(pod),
    ...warnAboutPidOne(pod),
    ...warnAboutVisitors(advised),
    ...warnAboutOpenValues(advised),
    ...warnAboutHostNetwork(pod, config.monitoring.metricsPort),
  ].map((text) => `KernelSeal: ${text}`)
}

/** Variables of a container that become placeholders. */
export const sealedIn = ({ config, serves }: Advised, container: string): ReadonlySet<string> =>
  new Set(
    config.secrets
      .filter((binding) => serves(binding, container))
      .flatMap(({ secretRefs }) => secretRefs.map(({ name }) => name)),
  )
