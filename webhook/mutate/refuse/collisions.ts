/** Names of ours that something else in the Pod has taken. */
import { AGENT_CONTAINER } from '../../../agent/policy/sidecar.ts'
import { type Deny, deny } from '../answer/outcome.ts'
import type { Place } from '../change/changes.ts'
import { differenceFrom, differenceInContainer } from '../pod/container-diff.ts'
import { applicationContainers } from '../pod/containers.ts'
import type { Pod } from '../pod/pod.ts'
import { type AgentVolumes, isAgentVolume } from '../sidecar/agent-volumes.ts'

/**
 * Without the record of an earlier pass an agent equal to the one we would add counts as ours, from any author. With one, ours is
 * written in its place, so that nothing of it is believed.
 */
export function refuseNames({ pod, agent, volumes, form, isOld, isLaterPass }: Place): Deny | undefined {
  const { spec } = pod
  const inits = spec.initContainers ?? []
  const [home, away] = form === 'native' ? [inits, spec.containers] : [spec.containers, inits]
  const elsewhere = [...away, ...(spec.ephemeralContainers ?? [])]
  if (elsewhere.some(({ name }) => name === AGENT_CONTAINER)) {
    const place = form === 'native' ? 'an init container' : 'one of `spec.containers`'
    return deny('container-name-taken', `\`${AGENT_CONTAINER}\` is not ${place}`)
  }
  const found = home.filter(({ name }) => name === AGENT_CONTAINER)
  if (found.length > 1)
    return deny('container-name-taken', `\`${AGENT_CONTAINER}\` stands in the Pod ${found.length} times`)
  const difference =
    found[0] === undefined || isLaterPass ? undefined : differenceInContainer(found[0], agent, pod, isOld)
  if (difference !== undefined)
    return deny('container-name-taken', `\`${AGENT_CONTAINER}\` differs at \`${difference}\``)
  return refuseVolumes(pod, isLaterPass ? [] : volumes)
}

function refuseVolumes(pod: Pod, volumes: AgentVolumes | []): Deny | undefined {
  // Looked up: a Pod may have a hundred thousand volumes, and hundreds of bound Secrets.
  const byName = new Map(volumes.map((volume) => [volume.name, volume]))
  for (const volume of pod.spec.volumes ?? []) {
    const own = byName.get(volume.name)
    const difference = own === undefined ? undefined : differenceFrom(volume, own)
    if (difference !== undefined) return deny('volume-name-taken', `\`${volume.name}\` differs at \`${difference}\``)
  }
  for (const { name, volumeMounts } of applicationContainers(pod)) {
    const mount = volumeMounts?.find((mount) => isAgentVolume(String(mount.name)))
    if (mount !== undefined)
      return deny('volume-mounted-elsewhere', `\`${String(mount.name)}\` in container \`${name}\``)
  }
  return undefined
}
