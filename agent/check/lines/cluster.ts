/** The cluster itself: its version, and whether its user may read all that is looked at. */
import type { Facts, Known } from '../facts.ts'
import { type Finding, fail, type Line, linesOf, ok } from '../line.ts'

/** The oldest that the tests run on (docs/compatibility.md). */
const OLDEST = 20

export function clusterLines(facts: Facts, asked: readonly (keyof typeof READS)[] = READ_NAMES): Line[] {
  const { gitVersion, minor } = facts.server
  const refused = asked.filter((name) => isForbidden(facts[name])).map((name) => READS[name])
  const faults: Finding[] = []
  if (minor < OLDEST) faults.push(fail(`Kubernetes ${gitVersion} is older than 1.${OLDEST}`, 'upgrade the cluster'))
  if (refused.length > 0) {
    const [first = ''] = refused
    const fix = `ask for a ClusterRole with \`get\` and \`list\` of them; kubectl auth can-i list ${first} -A`
    faults.push(fail(`you may not read ${refused.join(', ')}`, fix))
  }
  return linesOf('cluster', faults, () => ok(`Kubernetes ${gitVersion}, you may read all that is looked at`))
}

/** Facts → the resource as RBAC names it. */
const READS = {
  configurations: 'mutatingwebhookconfigurations',
  deployments: 'deployments',
  policies: 'validatingadmissionpolicies',
  namespaces: 'namespaces',
  nodes: 'nodes',
  pods: 'pods',
} as const
const READ_NAMES = Object.keys(READS) as (keyof typeof READS)[]

const isForbidden = (known: Known<unknown>): boolean => 'refused' in known && known.forbidden
