/** Nodes that can enforce, by the word of an agent that runs there or of a doctor. Nothing else knows a node's kernel. */
import { AGENT_CONTAINER } from '../../policy/sidecar.ts'
import type { Doctor, Facts } from '../facts.ts'
import { type Finding, fail, type Line, linesOf, notKnown, ok, unknown } from '../line.ts'

const ASK = 'kubectl apply -k deploy/doctor, for each of them (deploy/README.md, Check the nodes)'

export function nodeLines(facts: Facts): Line[] {
  const { nodes, doctors } = facts
  if ('refused' in nodes) return linesOf('nodes', [notKnown(nodes)], () => ok(''))
  const names = nodes.found.filter(({ os }) => os === 'linux').map(({ name }) => name)
  if (names.length === 0) return linesOf('nodes', [unknown('there is no Linux node')], () => ok(''))
  const told = 'found' in doctors ? doctors.found : []
  const proved = provedBy(facts)
  const faults = names.filter((name) => !proved.has(name)).flatMap((name) => incapable(name, told))
  const able = names.filter((name) => proved.has(name) || hasEnded(told, name, 'Succeeded'))
  const silent = names.filter((name) => !able.includes(name) && !hasEnded(told, name, 'Failed'))
  const found = `${able.length} of ${names.length} can enforce${tiersOf(able, told)}`
  const dark = silent.length === 0 ? [] : [unknown(`${found}; not known of ${listed(silent)}`, ASK)]
  return linesOf('nodes', [...faults, ...dark], () => ok(found))
}

/** A ready agent has shown on a canary that every access is refused, on this node and this kernel. */
function provedBy({ pods }: Facts): Set<string> {
  const found = 'found' in pods ? pods.found : []
  return new Set(
    found.flatMap(({ node, containers }) => {
      const isReady = containers.some(({ name, ready }) => name === AGENT_CONTAINER && ready)
      return isReady && node !== undefined ? [node] : []
    }),
  )
}

/** The newest doctor of a node counts: an older one may be from before its kernel was exchanged. */
function doctorOf(doctors: readonly Doctor[], node: string): Doctor | undefined {
  const made = ({ pod }: Doctor): string => pod.metadata.creationTimestamp ?? ''
  return doctors.filter(({ pod }) => pod.node === node).sort((a, b) => made(b).localeCompare(made(a)))[0]
}

const hasEnded = (doctors: readonly Doctor[], node: string, phase: string): boolean =>
  doctorOf(doctors, node)?.pod.phase === phase

/** agent/cli/doctor.ts writes a line and, below it, why and fix. */
const FAILED = /^FAIL {2}(.+)\n(?: {6}why: .+\n)?(?: {6}fix: (.+)\n)?/gm

function incapable(node: string, doctors: readonly Doctor[]): Finding[] {
  const doctor = doctorOf(doctors, node)
  if (doctor?.pod.phase !== 'Failed') return []
  const failures = [...(doctor.log ?? '').matchAll(FAILED)]
  const keepOff = `or keep Pods off: kubectl taint node ${node} kernelseal.io/cannot-enforce:NoSchedule`
  if (failures.length === 0) {
    const read = `kubectl -n kernelseal-doctor logs ${doctor.pod.metadata.name}, ${keepOff}`
    return [fail(`${node} cannot enforce, says its doctor`, read)]
  }
  return failures.map(([, found = '', fix = 'see its log']) =>
    fail(`${node} cannot enforce: ${found}`, `${fix}, ${keepOff}`),
  )
}

function tiersOf(nodes: readonly string[], doctors: readonly Doctor[]): string {
  const counts = new Map<string, number>()
  for (const node of nodes) {
    const tier = /refusal tier (\w+)/.exec(doctorOf(doctors, node)?.log ?? '')?.[1]
    if (tier !== undefined) counts.set(tier, (counts.get(tier) ?? 0) + 1)
  }
  const parts = [...counts].map(([tier, count]) => `${tier}: ${count}`)
  return parts.length === 0 ? '' : ` (tier ${parts.join(', ')})`
}

const listed = (names: readonly string[]): string =>
  names.length > 4 ? `${names.slice(0, 4).join(', ')} and ${names.length - 4} more` : names.join(', ')
