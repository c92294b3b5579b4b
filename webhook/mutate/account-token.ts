/**
 * The service account's token, which the API server mounts into every container (admission plugin `ServiceAccount`). It has
 * done so before a webhook is asked. A container that we add lacks the mount, the plugin adds it afterwards, and the API
 * server then asks every webhook once more: twice the admissions. So our container brings the mount the others have.
 */
import { type Container, isObject, type Pod } from './pod.ts'

const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'

/** What the plugin writes, and nothing more. */
export function isTokenMount(mount: unknown): boolean {
  return isObject(mount) && mount.mountPath === TOKEN_PATH && mount.readOnly === true
}

/** The mount of the Pod's other containers; undefined where they have none, as with `automountServiceAccountToken: false`. */
export function tokenMountOf({ spec }: Pod): NonNullable<Container['volumeMounts']>[number] | undefined {
  const mounts = [...(spec.initContainers ?? []), ...spec.containers].flatMap(({ volumeMounts }) => volumeMounts ?? [])
  return mounts.find((mount) => isTokenMount(mount) && isPluginsVolume(mount.name))
}

/** `kube-api-access-x7k2p` (ServiceAccountVolumeName), and before 1.21 the Secret's name, `default-token-x7k2p`. */
const isPluginsVolume = (name: unknown): boolean =>
  typeof name === 'string' && /^kube-api-access-|-token-[0-9a-z]{5}$/.test(name)
