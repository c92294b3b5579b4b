/**
 * The service account's token, which the API server mounts into every container (admission plugin `ServiceAccount`). It has
 * done so before a webhook is asked. A container that we add lacks the mount, the plugin adds it afterwards, and the API
 * server then asks every webhook once more: twice the admissions. So our container brings the mount the others have.
 */
import { isDeepStrictEqual } from 'node:util'
import { isObject, type Pod } from './pod.ts'

const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'

interface TokenMount {
  readonly name: string
  readonly mountPath: string
  readonly readOnly: true
}

/**
 * The mount as the plugin writes it, and nothing more: any other member (`subPath`, `mountPropagation`) is the
 * author's, and so is a volume of that name with anything but a token in it.
 */
export function isTokenMount(mount: unknown, { spec }: Pod): mount is TokenMount {
  if (!isObject(mount) || typeof mount.name !== 'string' || !isPluginsVolume(mount.name)) return false
  if (!isDeepStrictEqual(mount, { name: mount.name, mountPath: TOKEN_PATH, readOnly: true })) return false
  const volume: unknown = volumesByName(spec.volumes ?? []).get(mount.name)
  return isObject(volume) && holdsToken(volume)
}

/** Made once for a Pod: it may have tens of thousands of volumes, and as many mounts. */
const known = new WeakMap<readonly object[], ReadonlyMap<unknown, unknown>>()

/** Of two of one name the first. */
function volumesByName(volumes: readonly { readonly name: string }[]): ReadonlyMap<unknown, unknown> {
  const found = known.get(volumes) ?? new Map(volumes.toReversed().map((volume) => [volume.name, volume]))
  known.set(volumes, found)
  return found
}

/** The mount of the Pod's other containers; undefined where they have none, as with `automountServiceAccountToken: false`. */
export function tokenMountOf(pod: Pod): TokenMount | undefined {
  const { initContainers, containers } = pod.spec
  const mounts: readonly unknown[] = [...(initContainers ?? []), ...containers].flatMap(
    ({ volumeMounts }) => volumeMounts ?? [],
  )
  return mounts.find((mount) => isTokenMount(mount, pod))
}

/** `kube-api-access-x7k2p` (ServiceAccountVolumeName), and before 1.21 the Secret's name, `default-token-x7k2p`. */
const isPluginsVolume = (name: string): boolean => /^kube-api-access-|-token-[0-9a-z]{5}$/.test(name)

/**
 * A Secret of the volume's own name, or a projection with a token, a ConfigMap of authorities and the namespace
 * (serviceaccount/admission.go, TokenVolumeSource); distributions add a second ConfigMap.
 */
function holdsToken({ name, ...source }: Record<string, unknown>): boolean {
  const [kind, ...others] = Object.keys(source)
  if (others.length > 0) return false
  if (kind === 'secret') return isObject(source.secret) && source.secret.secretName === name
  const projected = kind === 'projected' && isObject(source.projected) ? source.projected.sources : undefined
  return Array.isArray(projected) && projected.length > 0 && projected.every(isTokenSource)
}

const isTokenSource = (source: unknown): boolean =>
  isObject(source) &&
  Object.keys(source).every((key) => ['serviceAccountToken', 'configMap', 'downwardAPI'].includes(key))
