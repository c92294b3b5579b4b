/**
 * The Helm chart from the manifests that kustomize has: the same texts with the places that values change (edits.ts) replaced. So the
 * two ways of installing cannot drift apart. The part of `values.schema.json` about the webhook's settings comes from their table.
 *
 *     node scripts/chart.d/main.ts            exit status 1 when a file differs from the one it would write
 *     node scripts/chart.d/main.ts --update   writes them; part of `npm run build`
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type Edit, EVERYWHERE, TEMPLATES, type Template } from './edits.ts'
import { settingsSchema } from './settings.ts'

const ROOT = join(import.meta.dirname, '../..')
const CHART = 'deploy/helm/kernelseal'
const SCHEMA = `${CHART}/values.schema.json`
const RULES = 'deploy/components/monitors/rules.yaml'
/** These have no manifest that they could be made of. */
const BY_HAND = ['_helpers.tpl', 'NOTES.txt', 'certificate-state.yaml']

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** @returns path → text of each file that is made */
export function madeFiles(): Map<string, string> {
  const rules = prometheusRule(read('deploy/grafana/rules.yaml'))
  const source = (path: string) => (path === RULES ? rules : read(path))
  const templates = Object.entries(TEMPLATES).map(
    ([name, template]) => [`${CHART}/templates/${name}`, templateOf(template, source(template.from))] as const,
  )
  return new Map([[RULES, rules], ...templates])
}

/** @throws Error where a place that a value changes is not there, or is there more often than it should be */
export function templateOf({ from, when, edits = [] }: Template, text: string): string {
  const comment = `{{- /* Made of ${from} by \`npm run build\`: change that, or scripts/chart.d. */ -}}`
  const body = edits.reduce((current, edit) => edited(current, edit, from), escaped(text))
  const whole = EVERYWHERE.reduce((current, [word, value]) => current.replaceAll(word, value), body)
  return when === undefined ? `${comment}\n${whole}` : `${comment}\n{{- if ${when} }}\n${whole.trimEnd()}\n{{- end }}\n`
}

function edited(text: string, { find, put, times = 1 }: Edit, from: string): string {
  const found = text.split(find).length - 1
  if (found !== times) throw new Error(`${from} has ${found} times, not ${times}:\n${find}`)
  return text.replaceAll(find, () => put)
}

/** Prometheus' own templates in alert texts are not for Helm. */
const escaped = (text: string): string => text.replaceAll(/\{\{.*?\}\}/g, (inner) => `{{ ${JSON.stringify(inner)} }}`)

/** The rule file as an object of the Prometheus operator. */
function prometheusRule(rules: string): string {
  const body = rules
    .slice(rules.indexOf('groups:'))
    .replaceAll(/^(?=.)/gm, '  ')
    .trimEnd()
  return `# Made of deploy/grafana/rules.yaml by \`npm run build\`: change that.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: kernelseal
  namespace: kernelseal-system
  labels:
    app.kubernetes.io/part-of: kernelseal
spec:
${body}
`
}

/** @returns the schema with the settings as they are */
function schemaWithSettings(): Record<string, unknown> {
  const schema = JSON.parse(read(SCHEMA))
  return { ...schema, properties: { ...schema.properties, settings: settingsSchema() } }
}

/** @returns a line for each file that is not as its source makes it */
export function staleFiles(): string[] {
  const files = madeFiles()
  const stale = [...files].flatMap(([path, text]) =>
    existsSync(join(ROOT, path)) && read(path) === text ? [] : [`${path} is not as its source makes it`],
  )
  if (!isDeepStrictEqual(schemaWithSettings(), JSON.parse(read(SCHEMA))))
    stale.push(`${SCHEMA} does not have the webhook's settings`)
  const there = readdirSync(join(ROOT, CHART, 'templates'), { recursive: true, encoding: 'utf8' })
  const foreign = there.filter(
    (name) => /\./.test(name) && !BY_HAND.includes(name) && !files.has(`${CHART}/templates/${name}`),
  )
  return [...stale, ...foreign.map((name) => `${CHART}/templates/${name} is made of nothing: scripts/chart.d`)]
}

/** The schema only where it changed: Biome formats it afterwards. */
function update(): void {
  for (const [path, text] of madeFiles()) writeFileSync(join(ROOT, path), text)
  if (staleFiles().length > 0) writeFileSync(join(ROOT, SCHEMA), `${JSON.stringify(schemaWithSettings(), null, 2)}\n`)
}

if (import.meta.main) {
  if (process.argv.includes('--update')) update()
  const stale = staleFiles()
  for (const line of stale) console.error(`error: ${line}: run \`npm run build\``)
  process.exitCode = stale.length > 0 ? 1 : 0
}
