/** Variables that look like secrets and are plain text in the Pod, beside others that `seal-env` seals. */
import { slotIn } from '../../../agent/policy/secrets/placeholder.ts'
import { findReference } from '../../../agent/policy/secrets/template.ts'
import { PREFIX } from '../../../agent/policy/sidecar.ts'
import { applicationContainers } from '../../mutate/pod/containers.ts'
import { asPod } from '../../mutate/pod/pod.ts'

const NAME = /(^|_)(PASS(WORD|WD|PHRASE)?|SECRET|TOKEN|API_?KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS?)$/i
/** Settings with such names: files, switches, numbers. */
const NO_SECRET = /^(|\/.*|true|false|yes|no|[0-9]+)$/i

export function lintPlainSecrets(object: unknown): string[] {
  const read = asPod(object)
  if ('problem' in read) return []
  const { metadata } = read.pod
  if ((metadata.annotations?.[`${PREFIX}seal-env`] ?? 'false') === 'false') return []
  return applicationContainers(read.pod).flatMap(({ name: container, env }) =>
    // Of two entries of one name the last counts.
    [...new Map((env ?? []).map((entry) => [entry.name, entry])).values()].flatMap(({ name, value }) =>
      typeof name === 'string' && NAME.test(name) && typeof value === 'string' && isPlain(value)
        ? [`${name} of container ${container} looks like a secret and is plain text (put it into a Secret)`]
        : [],
    ),
  )
}

const isPlain = (value: string): boolean =>
  !NO_SECRET.test(value) && slotIn(value) === undefined && findReference(value, () => true) === undefined
