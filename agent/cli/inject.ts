/** `kernelseal inject`: the webhook's work, offline. */

import { joined } from '../../webhook/offline/document-texts.ts'
import { type Format, type ManifestFile, printFile, printManifests } from '../../webhook/offline/documents.ts'
import { decideManifests, injectFile } from '../../webhook/offline/inject-manifests.ts'
import { command } from '../options/command.ts'
import type { NothingLeft, Values } from '../options/table.ts'
import { complain, EXIT } from './command.ts'
import { CLUSTER_OPTIONS, clusterValues, MANIFEST_OPTIONS, readFiles, surroundingsOf } from './manifests.ts'

const TEXT = `Writes the manifests to standard output as the webhook would make them: Pods, and the Pod templates of Deployments,
StatefulSets, DaemonSets, Jobs, CronJobs, ReplicaSets, and Lists of those. Every other document passes through as it stands.
Warnings go to standard error. When a Pod is refused, nothing is written.`

/** Of `inject` and `uninject`. */
export const OUTPUT_OPTION = {
  output: {
    short: 'o',
    value: 'FORMAT',
    completes: ['yaml', 'json'],
    help: 'JSON where all files are, YAML otherwise, unless this says',
  },
} as const
const OPTIONS = { ...MANIFEST_OPTIONS, ...CLUSTER_OPTIONS, ...OUTPUT_OPTION } as const

export const inject = command({
  name: 'inject',
  summary: "the webhook's work on manifests, offline",
  usage: '-f FILE [options]',
  text: TEXT,
  options: OPTIONS,
  notes: `The Pods of one template share their placeholders; a webhook gives each Pod its own. Of a document that is changed, comments and
style are lost: in GitOps leave the injection to the webhook.`,
  exit: '0, 1 when a Pod is refused, 2 when a file cannot be read.',
  run: main,
})

async function main(values: Values<typeof OPTIONS>): Promise<number> {
  const { cluster, filename, recursive, output, ...left } = clusterValues(values)
  left satisfies NothingLeft
  const files = readFiles(filename, recursive)
  const surroundings = surroundingsOf(files, cluster)
  const decided = decideManifests(files, surroundings)
  for (const { where, place, outcome } of decided) {
    for (const warning of outcome.warnings) complain(`${where}: ${place.title}: warning: ${warning}`)
    if (outcome.kind === 'deny') complain(`${where}: ${place.title}: ${outcome.message}`)
  }
  if (decided.some(({ outcome }) => outcome.kind === 'deny')) return EXIT.failed
  write(files, output, (file) => injectFile(file, surroundings))
  return EXIT.ok
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
