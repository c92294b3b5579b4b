/** `kernelseal explain`: why is this Pod injected, or not? */
import { explain as explainPod, explanationText } from '../../webhook/offline/explain.ts'
import { decideManifests } from '../../webhook/offline/inject-manifests.ts'
import { command } from '../options/command.ts'
import type { NothingLeft, Values } from '../options/table.ts'
import { complain, EXIT } from './command.ts'
import { CLUSTER_OPTIONS, clusterValues, MANIFEST_OPTIONS, readFiles, surroundingsOf } from './manifests.ts'

const TEXT = `Says for every Pod and Pod template whether it would be injected, the reason, and the changes. Namespaces among the files
count with their labels; of others it is assumed that they have opted in.`

const OPTIONS = { ...MANIFEST_OPTIONS, ...CLUSTER_OPTIONS, json: { help: 'as JSON' } } as const

export const explain = command({
  name: 'explain',
  summary: 'why is this Pod injected or not?',
  usage: '-f FILE [options]',
  text: TEXT,
  options: OPTIONS,
  exit: '0, 1 when a Pod would be refused, 2 when a file cannot be read.',
  run: main,
})

async function main(values: Values<typeof OPTIONS>): Promise<number> {
  const { cluster, filename, recursive, json, ...left } = clusterValues(values)
  left satisfies NothingLeft
  const files = readFiles(filename, recursive)
  const surroundings = surroundingsOf(files, cluster)
  const explanations = decideManifests(files, surroundings).map((decided) => explainPod(decided, surroundings.cluster))
  if (json) process.stdout.write(`${JSON.stringify(explanations, null, 2)}\n`)
  else process.stdout.write(explanations.map(explanationText).join('\n'))
  if (explanations.length === 0) complain('there is no Pod and no Pod template in these files')
  return explanations.some(({ decision }) => decision === 'refused') ? EXIT.failed : EXIT.ok
}
