/** `kernelseal inject`: the webhook's work, offline. */

import { parseArgs } from 'node:util'
import { joined } from '../../webhook/offline/document-texts.ts'
import { type Format, type ManifestFile, printFile, printManifests } from '../../webhook/offline/documents.ts'
import { decideManifests, injectFile } from '../../webhook/offline/inject-manifests.ts'
import { UsageError } from '../policy/text/problems.ts'
import { type Command, complain, EXIT } from './command.ts'
import {
  CLUSTER_HELP,
  CLUSTER_OPTIONS,
  MANIFEST_HELP,
  MANIFEST_OPTIONS,
  readFiles,
  surroundingsOf,
} from './manifests.ts'

const HELP = `usage: kernelseal inject -f FILE [options]

Writes the manifests to standard output as the webhook would make them: Pods, and the Pod templates of Deployments,
StatefulSets, DaemonSets, Jobs, CronJobs, ReplicaSets, and Lists of those. Every other document passes through as it stands.
Warnings go to standard error. When a Pod is refused, nothing is written.

${MANIFEST_HELP}${CLUSTER_HELP}  -o, --output FORMAT      yaml or json (default: json when every file is)

The Pods of one template share their placeholders; a webhook gives each Pod its own.

Exit status: 0, 1 when a Pod is refused, 2 when a file cannot be read.
`

export const inject: Command = {
  name: 'inject',
  summary: "the webhook's work on manifests, offline",
  help: HELP,
  run: main,
}

async function main(args: string[]): Promise<number> {
  const options = { ...MANIFEST_OPTIONS, ...CLUSTER_OPTIONS, output: { type: 'string', short: 'o' } } as const
  const { values } = parseArgs({ args, options })
  const format = formatOf(values.output)
  const files = readFiles(values.filename)
  const surroundings = surroundingsOf(files, values)
  const decided = decideManifests(files, surroundings)
  for (const { where, place, outcome } of decided) {
    for (const warning of outcome.warnings) complain(`${where}: ${place.title}: warning: ${warning}`)
    if (outcome.kind === 'deny') complain(`${where}: ${place.title}: ${outcome.message}`)
  }
  if (decided.some(({ outcome }) => outcome.kind === 'deny')) return EXIT.failed
  write(files, format, (file) => injectFile(file, surroundings))
  return EXIT.ok
}

/** `yaml`, `json`, or undefined for the format of each file. */
export function formatOf(output: string | undefined): Format | undefined {
  if (output === undefined || output === 'yaml' || output === 'json') return output
  throw new UsageError(`--output is \`yaml\` or \`json\`, not \`${output}\``)
}

/** All files as one stream: YAML, unless JSON is asked for or all of them are JSON. */
export function write(
  files: readonly ManifestFile[],
  format: Format | undefined,
  rewrite: (file: ManifestFile) => readonly unknown[],
): void {
  const common = files.every((file) => file.format === 'json') ? 'json' : 'yaml'
  if ((format ?? common) === 'json') process.stdout.write(printManifests(files.flatMap(rewrite), 'json'))
  else process.stdout.write(joined(files.flatMap((file) => printFile(file, rewrite(file)))))
}
