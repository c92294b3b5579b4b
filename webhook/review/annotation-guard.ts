/**
 * Annotations of a sealed Pod that runs: its agent reads them anew. A change that it would refuse is refused here,
 * where its author reads the reason; one that it obeys and that weakens protection gets a warning.
 */
import { type Annotations, ConfigError, parseAnnotations } from '../../agent/policy/annotations.ts'
import { PREFIX } from '../../agent/policy/sidecar.ts'
import { weakenings } from '../../agent/policy/strength/weaker.ts'
import { joined } from '../../agent/policy/text/joined.ts'
import type { Config } from '../../agent/policy/types.ts'
import { type Deny, deny, MAX_MESSAGE, type Outcome, skip } from '../mutate/answer/outcome.ts'
import { hasAgent } from '../mutate/pod/earlier.ts'
import { asPod, type Pod } from '../mutate/pod/pod.ts'
import { refuseSources } from '../mutate/refuse/sources-allowed.ts'
import type { AgentSettings } from '../mutate/sidecar/sidecar.ts'

const STATUS = `${PREFIX}status`

/** @param settings of the agents, by which they judge annotations */
export function guardAnnotations(object: unknown, oldObject: unknown, settings: AgentSettings): Outcome {
  const [after, before] = [asPod(object), asPod(oldObject)]
  if ('problem' in after) return deny('bad-pod', after.problem)
  if ('problem' in before) return deny('bad-review', `\`request.oldObject\` ${before.problem}`)
  if (!hasAgent(before.pod)) return skip('not-guarded')
  const [asked, stood] = [annotationsOf(after.pod), annotationsOf(before.pod)]
  if (asked[STATUS] !== stood[STATUS]) return deny('status-changed')
  const config = read(asked)
  if ('kind' in config) return config
  const refusal = refuseSources(config, settings)
  if (refusal !== undefined) return refusal
  const earlier = read(stood)
  // Those that stood cannot be read: the agent goes on by an earlier policy, and which one it is cannot be told here.
  const weaker =
    'kind' in earlier ? ['perhaps, since the annotations before cannot be read'] : weakenings(earlier, config)
  if (weaker.length > 0 && settings.lockPolicy) return deny('weaker-policy', joined(weaker, '; ', MAX_MESSAGE))
  return skip(
    'annotations-checked',
    weaker.map((what) => `KernelSeal: protection becomes weaker: ${what}`),
  )
}

const annotationsOf = ({ metadata }: Pod): Annotations => metadata.annotations ?? {}

/** As the agent reads them: the namespace's default mode went into the Pod when it was made. */
function read(annotations: Annotations): Config | Deny {
  try {
    return parseAnnotations(annotations, {}).config
  } catch (error) {
    if (error instanceof ConfigError) return deny('bad-annotation', error.message)
    throw error
  }
}
