/** The namespaces that have opted in, or believe so. */
import { reasonEntry } from '../../../webhook/mutate/answer/reasons.ts'
import { ALLOW_DEBUG_LABEL, INJECTION_LABEL, MODE_LABEL } from '../../../webhook/mutate/cluster/namespaces.ts'
import { MODES } from '../../policy/schema.ts'
import type { Facts, NamespaceFacts } from '../facts.ts'
import { counted, type Finding, fail, type Line, linesOf, notKnown, ok, warn } from '../line.ts'
import { isOpen, NEVER } from '../namespaces.ts'

const LEVEL = 'pod-security.kubernetes.io/enforce'

export function namespaceLines({ namespaces }: Facts): Line[] {
  if ('refused' in namespaces) return linesOf('namespaces', [notKnown(namespaces)], () => ok(''))
  const labelled = namespaces.found.filter(({ labels }) => labels[INJECTION_LABEL] !== undefined)
  if (labelled.length === 0) {
    const none = warn('none has opted in: nothing is sealed', `kubectl label namespace NAME ${INJECTION_LABEL}=enabled`)
    return linesOf('namespaces', [none], () => ok(''))
  }
  const open = labelled.filter(isOpen).map(({ name }) => name)
  return linesOf('namespaces', labelled.flatMap(faultsOf), () =>
    ok(`${counted(open.length, 'namespace')}: ${some(open)}`),
  )
}

/** As many as a line has room for. */
const some = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')

function faultsOf({ name, labels }: NamespaceFacts): Finding[] {
  const [injection, level, mode] = [labels[INJECTION_LABEL], labels[LEVEL], labels[MODE_LABEL]]
  const label = (text: string): string => `kubectl label --overwrite namespace ${name} ${text}`
  if (NEVER.includes(name))
    return [warn(`${name} is left out for good, its label has no effect`, label(`${INJECTION_LABEL}-`))]
  if (injection !== 'enabled') {
    const said = `${name}: \`${INJECTION_LABEL}: ${injection}\` has no effect, nothing there is sealed`
    return [fail(said, label(`${INJECTION_LABEL}=enabled`))]
  }
  const found: Finding[] = []
  if (level === 'restricted' || level === 'baseline') {
    const fix = `${label(`${LEVEL}=privileged`)}, or move the Pods; deploy/pod-policy keeps others from the node (${reasonEntry('pod-security').page})`
    found.push(warn(`${name} is \`${level}\`: Pods with the agent are refused there`, fix))
  }
  if (mode !== undefined && !MODES.some((known) => known === mode))
    found.push(fail(`${name}: \`${MODE_LABEL}: ${mode}\` is no mode`, label(`${MODE_LABEL}=enforce`)))
  else if (mode !== undefined && mode !== 'enforce')
    found.push(warn(`${name} is in mode ${mode}: nothing is refused there`, label(`${MODE_LABEL}-`)))
  if (labels[ALLOW_DEBUG_LABEL] === 'true')
    found.push(warn(`${name} lets debug sessions into sealed Pods`, label(`${ALLOW_DEBUG_LABEL}-`)))
  return found
}
