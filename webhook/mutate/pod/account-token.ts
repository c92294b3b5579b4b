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
 * @param isOld the server is one of before 1.21, whose tokens are Secrets
 */
export function isTokenMount(mount: unknown, { spec }: Pod, isOld: boolean): mount is TokenMount {
  if (!isObject(mount) || typeof mount.name !== 'string' || !isPluginsVolume(mount.name)) return false
  if (!isDeepStrictEqual(mount, { name: mount.name, mountPath: TOKEN_PATH, readOnly: true })) return false
  const volume: unknown = volumesByName(spec.volumes ?? []).get(mount.name)
  return isObject(volume) && judged(volume, isOld)
}

/** Once for a volume: tens of thousands of mounts may name one, and it may have a hundred thousand members. */
const holding = [new WeakMap<object, boolean>(), new WeakMap<object, boolean>()] as const

function judged(volume: Record<string, unknown>, isOld: boolean): boolean {
  const seen = holding[isOld ? 1 : 0]
  const holds = seen.get(volume) ?? holdsToken(volume, isOld)
  seen.set(volume, holds)
  return holds
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
export function tokenMountOf(pod: Pod, isOld: boolean): TokenMount | undefined {
  const { initContainers, containers } = pod.spec
  const mounts: readonly unknown[] = [...(initContainers ?? []), ...containers].flatMap(
    ({ volumeMounts }) => volumeMounts ?? [],
  )
  return mounts.find((mount) => isTokenMount(mount, pod, isOld))
}

/** `kube-api-access-x7k2p` (ServiceAccountVolumeName), and before 1.21 the Secret's name, `default-token-x7k2p`. */
const isPluginsVolume = (name: string): boolean => /^kube-api-access-|-token-[0-9a-z]{5}$/.test(name)

/**
 * A projection of a token, the cluster's authority and the namespace, or a Secret of the volume's own name
 * (serviceaccount/admission.go, TokenVolumeSource). With any other the author would choose whom the agent trusts when it calls
 * the API server, and as whom it speaks.
 */
function holdsToken(volume: Record<string, unknown>, isOld: boolean): boolean {
  if (!hasOnly(volume, ['name', 'projected', 'secret'])) return false
  const { name, projected, secret } = volume
  if ((projected === undefined) === (secret === undefined)) return false
  if (isObject(secret)) return isOld && hasOnly(secret, ['secretName', 'defaultMode']) && secret.secretName === name
  return isObject(projected) && hasOnly(projected, ['sources', 'defaultMode']) && areTokenSources(projected.sources)
}

const hasOnly = (object: object, keys: readonly string[]): boolean =>
  Object.keys(object).every((key) => keys.includes(key))

const AUTHORITY = { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] }
const NAMESPACE = { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] }
/** Files that clients know; those of a distribution have other names (OpenShift: `service-ca.crt`). */
const KNOWN_FILES: readonly string[] = ['token', 'ca.crt', 'namespace']
/** One plain name: the kubelet cleans a path before it writes (atomic_writer.go, validatePayload), so that `./ca.crt` is `ca.crt`. */
const PLAIN_FILE = /^[A-Za-z0-9_][-.A-Za-z0-9_]*$/
const isOtherFile = (path: unknown): boolean =>
  typeof path === 'string' && PLAIN_FILE.test(path) && !KNOWN_FILES.includes(path)
/** The plugin's three, and as many of a distribution. */
const MOST_SOURCES = 6

function areTokenSources(sources: unknown): boolean {
  if (!Array.isArray(sources) || sources.length > MOST_SOURCES) return false
  const isThere = [isToken, isAuthority, isNamespace].every((kind) => sources.filter(kind).length === 1)
  return isThere && sources.every((one) => isToken(one) || isAuthority(one) || isNamespace(one) || isAnother(one))
}

const isToken = (source: unknown): boolean =>
  isObject(source) &&
  hasOnly(source, ['serviceAccountToken']) &&
  isObject(source.serviceAccountToken) &&
  hasOnly(source.serviceAccountToken, ['path', 'expirationSeconds']) &&
  source.serviceAccountToken.path === 'token'
const isAuthority = (source: unknown): boolean => isDeepStrictEqual(source, { configMap: AUTHORITY })
const isNamespace = (source: unknown): boolean => isDeepStrictEqual(source, { downwardAPI: NAMESPACE })

function isAnother(source: unknown): boolean {
  const items: unknown = isObject(source) && isObject(source.configMap) ? source.configMap.items : undefined
  if (!isObject(source) || !hasOnly(source, ['configMap']) || !Array.isArray(items) || items.length > MOST_SOURCES)
    return false
  return items.length > 0 && items.every((item) => isObject(item) && isOtherFile(item.path))
}
