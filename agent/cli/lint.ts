/** `kernelseal lint`: finds mistakes in manifests and config files before they reach a cluster. */
import type { ManifestFile } from '../../webhook/offline/documents.ts'
import { decideManifests } from '../../webhook/offline/inject-manifests.ts'
import { columnOf, type Located, locate } from '../../webhook/offline/lint/coordinates.ts'
import { lintManifests } from '../../webhook/offline/lint/lint.ts'
import { type Counted, countOf, githubReport, jsonReport, textReport } from '../../webhook/offline/lint/report.ts'
import { sarifReport } from '../../webhook/offline/lint/sarif.ts'
import { objectsIn, podsIn } from '../../webhook/offline/workloads.ts'
import { VERSION } from '../config/version.ts'
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
  output: {
    short: 'o',
    value: 'FORMAT',
    completes: ['text', 'json', 'sarif', 'github'],
    default: 'text',
    help: 'FILE:LINE:COLUMN: SEVERITY: …, an array, SARIF 2.1.0 for code scanning, or annotations of a GitHub workflow',
  },
  json: { help: 'as --output json' },
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

async function main(values: Values<typeof OPTIONS>): Promise<number> {
  const { cluster, filename, recursive, strict, json, output, ...left } = clusterValues(values)
  left satisfies NothingLeft
  const broken: Located[] = []
  const files = readFiles(filename, recursive, (where, { problems }) => broken.push(...located(where, '', problems)))
  const isConfig = configsAmong(new Set(filename))
  const manifests = files.filter((file) => !isConfig(file))
  const found = lintManifests(manifests, decideManifests(manifests, surroundingsOf(manifests, cluster)))
  const configs = files.filter(isConfig)
  const findings = [...broken, ...configs.flatMap(lintConfig), ...locate(manifests, found)]
  const count = { ...counted(files), files: files.length + new Set(broken.map(({ where }) => where)).size }
  process.stdout.write(REPORTS[json ? 'json' : output](findings, countOf(count, findings)))
  if (manifests.length > 0 && counted(manifests).pods === 0)
    complain('there is no Pod and no Pod template in these files')
  const errors = findings.filter(({ severity }) => severity === 'error' || strict).length
  return errors > 0 ? EXIT.failed : EXIT.ok
}

const REPORTS: Readonly<
  Record<Values<typeof OPTIONS>['output'], (found: readonly Located[], count: string) => string>
> = {
  text: textReport,
  json: jsonReport,
  sarif: (findings) => sarifReport(findings, VERSION),
  github: githubReport,
}

function counted(files: readonly ManifestFile[]): Counted {
  const objects = files.flatMap((file) => file.objects)
  const secrets = objects.flatMap(objectsIn).filter(({ kind }) => kind === 'Secret').length
  return { pods: objects.flatMap((object) => podsIn(object)).length, secrets, files: files.length }
}

/** A config file of the agent is one object without a `kind`. A folder may have others of that form: values of a chart, `package.json`. */
const configsAmong =
  (named: ReadonlySet<string>) =>
  ({ objects: [first, ...rest], where }: ManifestFile): boolean => {
    if (rest.length > 0 || where === 'standard input' || typeof first !== 'object' || first === null) return false
    return !('kind' in first) && (named.has(where) || saysConfig(first))
  }

const saysConfig = (object: object): boolean =>
  ('version' in object && object.version === 'v1') || ('secrets' in object && 'policy' in object)

function lintConfig({ where, text }: ManifestFile): Located[] {
  try {
    return located(where, text, parseConfig(text, where).warnings)
  } catch (error) {
    if (error instanceof ConfigError) return located(where, text, error.problems)
    throw error
  }
}

function located(where: string, text: string, problems: readonly Problem[]): Located[] {
  const rows = text.split('\n')
  return problems.map((problem) => {
    const { line = 1, ...rest } = problem
    // Without a name for the text the place is not repeated in it.
    const words = formatProblem('', rest).replace(/^: /, '')
    const column = columnOf(rows[line - 1] ?? '', problem.path.split(/[.\]]/).at(-1))
    return { severity: problem.severity, where, object: '', text: words, line, column }
  })
}
