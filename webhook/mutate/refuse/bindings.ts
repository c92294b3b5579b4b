/** Bindings that could not be served in this Pod, or that name another namespace's Secrets. */
import type { PodPolicy } from '../../../agent/policy/annotations.ts'
import type { SealEnv } from '../../../agent/policy/secrets/seal-env.ts'
import { didYouMean, quote } from '../../../agent/policy/text/suggest.ts'
import type { Config } from '../../../agent/policy/types.ts'
import { type Deny, deny } from '../answer/outcome.ts'
import { applicationContainers } from '../pod/containers.ts'
import type { Container, Pod } from '../pod/pod.ts'

export function refuseBindings(
  pod: Pod,
  covered: readonly Container[],
  config: Config,
  namespace: string | undefined,
): Deny | undefined {
  const names = applicationContainers(pod).map(({ name }) => name)
  for (const { name, selector, secretRefs } of config.secrets) {
    if (selector.container !== undefined && !names.includes(selector.container)) {
      const hint = didYouMean(selector.container, names)
      return deny('no-such-container', `binding ${quote(name)} names ${quote(selector.container)} (${hint})`)
    }
    if (selector.container !== undefined && !covered.some((container) => container.name === selector.container)) {
      return deny('starts-before-agent', `binding ${quote(name)} names ${quote(selector.container)}`)
    }
    for (const { name: variable, source } of secretRefs) {
      if (source.kind !== 'secretKeyRef' || source.namespace === undefined || namespace === undefined) continue
      if (source.namespace === namespace) continue
      return deny(
        'foreign-secret',
        `\`${variable}\` of binding ${quote(name)} names \`${source.namespace}/${source.name}\``,
      )
    }
  }
  return undefined
}

/** Names of containers in `kernelseal.io/containers` and `kernelseal.io/seal-env` that the Pod lacks. */
export function refuseChosen(pod: Pod, { containers = [], sealEnv }: PodPolicy): Deny | undefined {
  const names = applicationContainers(pod).map(({ name }) => name)
  return refuseMissing('containers', containers, names) ?? refuseMissing('seal-env', namedBy(sealEnv), names)
}

export const namedBy = (sealEnv: SealEnv | undefined): readonly string[] =>
  sealEnv === undefined || sealEnv.containers === 'all' ? [] : sealEnv.containers

/** @param key of the annotation that names containers */
export function refuseMissing(key: string, named: readonly string[], names: readonly string[]): Deny | undefined {
  const missing = named.find((name) => !names.includes(name))
  if (missing === undefined) return undefined
  return deny('no-such-container', `\`${key}\` names ${quote(missing)} (${didYouMean(missing, names)})`)
}
