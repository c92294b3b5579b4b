/** The webhook's work on whole manifests: every Pod in them decided, and all of them written back. */
import { randomBytes } from 'node:crypto'
import { AGENT_CONTAINER, PREFIX } from '../../agent/policy/sidecar.ts'
import { type Outcome, skip } from '../mutate/answer/outcome.ts'
import { withMember } from '../mutate/answer/patch.ts'
import { type InjectionSettings, injectPod } from '../mutate/inject.ts'
import { isObject } from '../mutate/pod/pod.ts'
import { applyOperations } from './apply-operations.ts'
import type { ManifestFile } from './documents.ts'
import type { OfflineCluster } from './offline-cluster.ts'
import { type PodPlace, podsIn } from './workloads.ts'

/** A Pod of a manifest and the decision on it. */
export interface Decided {
  readonly where: string
  readonly place: PodPlace
  readonly namespace: string | undefined
  readonly outcome: Outcome
}

export interface Surroundings {
  readonly settings: InjectionSettings
  readonly cluster: OfflineCluster
  /** For objects that name none. */
  readonly namespace: string | undefined
}

type Objects = Pick<ManifestFile, 'where' | 'objects'>

export function decideManifests(files: readonly Objects[], surroundings: Surroundings): Decided[] {
  return files.flatMap(({ where, objects }) =>
    objects.flatMap((object) => podsIn(object)).map((place) => decidePlace(where, place, surroundings)),
  )
}

/** The file's objects, each Pod in them injected where the outcome says so. */
export function injectFile(file: ManifestFile, surroundings: Surroundings): readonly unknown[] {
  return file.objects.map((object) =>
    rewritePods(object, (place) => {
      const { outcome } = decidePlace(file.where, place, surroundings)
      return outcome.kind === 'inject' ? applyOperations(place.pod, outcome.operations) : undefined
    }),
  )
}

/** @param rewrite the Pod to put there, or undefined to leave it alone */
export function rewritePods(object: unknown, rewrite: (place: PodPlace) => unknown): unknown {
  return podsIn(object).reduce((changed, place) => {
    const pod = rewrite(place)
    return pod === undefined ? changed : withMember(changed, place.steps, pod)
  }, object)
}

function decidePlace(where: string, place: PodPlace, { settings, cluster, namespace }: Surroundings): Decided {
  const own = place.namespace ?? namespace
  // Templates of others, which may have shapes that the API server would not take for a Pod's (Knative: containers without names).
  if (!mentionsUs(place.pod)) return { where, place, namespace: own, outcome: skip('no-bindings') }
  const nonce = () => randomBytes(16).toString('hex')
  const outcome = injectPod(place.pod, settings, { nonce, cluster, ...(own === undefined ? {} : { namespace: own }) })
  return { where, place, namespace: own, outcome }
}

/** As the webhook's own `matchConditions` (deploy/base/mutating-webhook.yaml), for templates of any shape. */
function mentionsUs({ metadata, ...rest }: PodPlace['pod']): boolean {
  const keys = [metadata.annotations, metadata.labels].flatMap((map) => Object.keys(isObject(map) ? map : {}))
  return keys.some((key) => key.toLowerCase().includes(PREFIX)) || JSON.stringify(rest).includes(`"${AGENT_CONTAINER}"`)
}
