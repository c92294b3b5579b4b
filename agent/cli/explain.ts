/** `kernelseal explain`: why is this Pod injected, or not? Of a manifest offline, of a running Pod from its cluster. */
import { explain as explainDecided, explanationText } from '../../webhook/offline/explain.ts'
import { decideManifests } from '../../webhook/offline/inject-manifests.ts'
import { CONNECTION_OPTIONS, openCluster } from '../check/cluster.ts'
import { collectPod } from '../check/collect/pod.ts'
import { explainPod, podText } from '../check/explain-pod.ts'
import { command, type Line } from '../options/command.ts'
import type { NothingLeft, Values } from '../options/table.ts'
import { UsageError } from '../policy/text/problems.ts'
import { quote } from '../policy/text/suggest.ts'
import { complain, EXIT } from './command.ts'
import { CLUSTER_OPTIONS, clusterValues, MANIFEST_OPTIONS, readFiles, surroundingsOf } from './manifests.ts'

const TEXT = `Says for every Pod and Pod template of a file whether it would be injected, the reason, and the changes. Namespaces among the
files count with their labels; of others it is assumed that they have opted in.

With \`pod NAME\` the same of a Pod that runs, from its cluster: whether it has the agent, why not, the cure, and the webhook's decision on
the same Pod made anew.`

const OPTIONS = {
  ...MANIFEST_OPTIONS,
  ...CLUSTER_OPTIONS,
  ...CONNECTION_OPTIONS,
  json: { help: 'as JSON' },
} as const

export const explain = command({
  name: 'explain',
  summary: 'why is this Pod injected or not?',
  usage: '-f FILE [options] | pod NAME [-n NAMESPACE] [options]',
  text: TEXT,
  options: OPTIONS,
  words: { value: 'pod NAME', completes: 'nothing', most: 2 },
  exit: '0, 1 when a Pod would be refused, or runs unsealed against its wish, 2 when a file, the Pod or a cluster cannot be read.',
  run: main,
})

async function main(values: Values<typeof OPTIONS>, { words: [kind, name] }: Line): Promise<number> {
  const { context, kubeconfig, json, ...rest } = values
  if (kind === undefined) return explainFiles({ ...rest, json })
  const pod = nameOfPod(kind, name)
  const { namespace, ...files } = rest
  const given = Object.entries(files).find(([, value]) => value !== undefined && value !== false)
  if (given !== undefined) throw new UsageError(`\`--${given[0]}\` is for files: of a running Pod the cluster is asked`)
  return explainRunning(pod, { context, kubeconfig }, namespace, json)
}

/** As kubectl takes it: `pod NAME` or `pod/NAME`. */
function nameOfPod(kind: string, name: string | undefined): string {
  const [first = '', joined] = kind.split('/')
  if (first !== 'pod' || (joined !== undefined && name !== undefined))
    throw new UsageError(`${quote(kind)} is not \`pod NAME\`: of a cluster Pods are explained, of files \`-f FILE\``)
  const given = name ?? joined
  if (!given) throw new UsageError('`explain pod` lacks the name of the Pod: `explain pod NAME [-n NAMESPACE]`')
  return given
}

function explainFiles({ json, ...values }: Omit<Values<typeof OPTIONS>, 'context' | 'kubeconfig'>): number {
  const { cluster, filename, recursive, ...left } = clusterValues(values)
  left satisfies NothingLeft
  const files = readFiles(filename, recursive)
  const surroundings = surroundingsOf(files, cluster)
  const explanations = decideManifests(files, surroundings).map((decided) =>
    explainDecided(decided, surroundings.cluster),
  )
  if (json) process.stdout.write(`${JSON.stringify(explanations, null, 2)}\n`)
  else process.stdout.write(explanations.map(explanationText).join('\n'))
  if (explanations.length === 0) complain('there is no Pod and no Pod template in these files')
  return explanations.some(({ decision }) => decision === 'refused') ? EXIT.failed : EXIT.ok
}

async function explainRunning(
  name: string,
  connection: Parameters<typeof openCluster>[0],
  namespace: string | undefined,
  json: boolean,
): Promise<number> {
  const cluster = await openCluster(connection)
  const { pod, around } = await collectPod(cluster, name, namespace ?? cluster.namespace ?? 'default')
  const explanation = explainPod(pod, around)
  process.stdout.write(json ? `${JSON.stringify(explanation, null, 2)}\n` : podText(explanation))
  return explanation.fix === undefined && explanation.again.decision !== 'refused' ? EXIT.ok : EXIT.failed
}
