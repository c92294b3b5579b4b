/** `kernelseal explain`: why is this Pod injected, or not? */
import { parseArgs } from 'node:util'
import { explain as explainPod, explanationText } from '../../webhook/offline/explain.ts'
import { decideManifests } from '../../webhook/offline/inject-manifests.ts'
import { type Command, complain, EXIT } from './command.ts'
import {
  CLUSTER_HELP,
  CLUSTER_OPTIONS,
  MANIFEST_HELP,
  MANIFEST_OPTIONS,
  readFiles,
  surroundingsOf,
} from './manifests.ts'

const HELP = `usage: kernelseal explain -f FILE [options]

Says for every Pod and Pod template whether it would be injected, the reason, and the changes. Namespaces among the files
count with their labels; of others it is assumed that they have opted in.

${MANIFEST_HELP}${CLUSTER_HELP}  --json                   as JSON

Exit status: 0, 1 when a Pod would be refused, 2 when a file cannot be read.
`

export const explain: Command = { name: 'explain', summary: 'why is this Pod injected or not?', help: HELP, run: main }

async function main(args: string[]): Promise<number> {
  const options = { ...MANIFEST_OPTIONS, ...CLUSTER_OPTIONS, json: { type: 'boolean' } } as const
  const { values } = parseArgs({ args, options })
  const files = readFiles(values.filename)
  const surroundings = surroundingsOf(files, values)
  const explanations = decideManifests(files, surroundings).map((decided) => explainPod(decided, surroundings.cluster))
  if (values.json) process.stdout.write(`${JSON.stringify(explanations, null, 2)}\n`)
  else process.stdout.write(explanations.map(explanationText).join('\n'))
  if (explanations.length === 0) complain('there is no Pod and no Pod template in these files')
  return explanations.some(({ decision }) => decision === 'refused') ? EXIT.failed : EXIT.ok
}
