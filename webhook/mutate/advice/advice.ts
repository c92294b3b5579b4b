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
  readonly covered: readonly Covered[]
}

interface Covered {
  readonly container: Container
  /** Its variables that become placeholders. */
  readonly sealed: ReadonlySet<string>
}

export function adviceOn(pod: Pod, config: Config, containers: readonly Container[], serves: IsFor): string[] {
  const covered = containers.map((container) => ({ container, sealed: sealedIn(config, container.name, serves) }))
  const advised = { pod, config, covered }
  return [
    ...warnAboutInit(pod),
    ...warnAboutPidOne(pod),
    ...warnAboutVisitors(advised),
    ...warnAboutOpenValues(advised),
    ...warnAboutHostNetwork(pod, config.monitoring.metricsPort),
  ].map((text) => `KernelSeal: ${text}`)
}

const sealedIn = (config: Config, container: string, serves: IsFor): ReadonlySet<string> =>
  new Set(
    config.secrets
      .filter((binding) => serves(binding, container))
      .flatMap(({ secretRefs }) => secretRefs.map(({ name }) => name)),
  )
