/** `kernelseal lint`: finds mistakes in manifests and config files before they reach a cluster. */
import { readFileSync } from 'node:fs'
import type { ManifestFile } from '../../webhook/offline/documents.ts'
import { decideManifests } from '../../webhook/offline/inject-manifests.ts'
import { lintManifests } from '../../webhook/offline/lint/lint.ts'
import { podsIn } from '../../webhook/offline/workloads.ts'
import { command } from '../options/command.ts'
import type { NothingLeft, Values } from '../options/table.ts'
import { ConfigError, parseConfig } from '../policy/parse.ts'
import { formatProblem } from '../policy/text/problems.ts'
import type { Problem } from '../policy/types.ts'
import { complain, EXIT } from './command.ts'
import { CLUSTER_OPTIONS, clusterValues, MANIFEST_OPTIONS, readFiles, surroundingsOf } from './manifests.ts'

const TEXT = `Names errors and warnings in the annotations and labels of Pods, Pod templates and Namespaces, annotations that stand on a
workload instead of its Pod template, keys that Secrets among the files lack; and in the agent's own config files.`

const OPTIONS = {
  ...MANIFEST_OPTIONS,
  ...CLUSTER_OPTIONS,
  strict: { help: 'warnings count as errors' },
  json: { help: 'findings about manifests as JSON: severity, where, object, text' },
} as const

export const lint = command({
  name: 'lint',
  summary: 'errors in manifests and config files',
  usage: '-f FILE [options]',
  text: TEXT,
  options: OPTIONS,
  exit: '0, 1 when there are errors, 2 when a file cannot be read.',
  run: main,
})

interface Line {
  readonly severity: Problem['severity']
  readonly text: string
}

async function main(values: Values<typeof OPTIONS>): Promise<number> {
  const { cluster, filename, recursive, strict, json, ...left } = clusterValues(values)
  left satisfies NothingLeft
  const files = readFiles(filename, recursive)
  const manifests = files.filter((file) => !isConfig(file))
  const findings = lintManifests(manifests, decideManifests(manifests, surroundingsOf(manifests, cluster)))
  const lines = [
    ...files.filter(isConfig).flatMap(({ where }) => lintConfig(where)),
    ...findings.map(({ severity, where, object, text }) => ({
      severity,
      text: `${where}: ${object}: ${oneLine(text)}`,
    })),
  ]
  if (json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`)
  else for (const { severity, text } of lines) process.stdout.write(`${severity}: ${text}\n`)
  if (manifests.length > 0 && !manifests.some(({ objects }) => objects.some((object) => podsIn(object).length > 0)))
    complain('there is no Pod and no Pod template in these files')
  const errors = lines.filter(({ severity }) => severity === 'error' || strict).length
  return errors > 0 ? EXIT.failed : EXIT.ok
}

/** One finding is one line, which says whose it is at its beginning. */
const oneLine = (text: string): string => text.replace(/^KernelSeal: /, '').replaceAll('\n', '; ')

/** A config file of the agent is one object without a `kind`; it is read once more, for the lines of its problems. */
const isConfig = ({ objects: [first, ...rest], where }: ManifestFile): boolean =>
  rest.length === 0 && where !== 'standard input' && typeof first === 'object' && first !== null && !('kind' in first)

function lintConfig(where: string): Line[] {
  const lineOf = (problem: Problem): Line => ({ severity: problem.severity, text: formatProblem(where, problem) })
  try {
    return parseConfig(readFileSync(where, 'utf8'), where).warnings.map(lineOf)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(lineOf)
    throw error
  }
}
