/** docs/operate/alarms.md has a row for each alert rule, each reason of a Kubernetes Event, and each kind of log line that warns. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { load } from 'js-yaml'
import { REASONS } from '../../../agent/events/sinks/kube-event.ts'

const ROOT = join(import.meta.dirname, '../../..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const page = read('docs/operate/alarms.md')

/** The code in the first cell of each row of a section. */
function rowsOf(title: string): string[] {
  const [, section = ''] = new RegExp(`^## ${title}$(.*?)(?=^## |(?![^]))`, 'ms').exec(page) ?? []
  const rows = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, code = '']) => code)
  assert.ok(rows.length > 0, `the page has a section \`${title}\` with rows`)
  return rows
}

const sources = (pattern: string): string[] => globSync(pattern, { cwd: ROOT }).map(read)
const found = (texts: readonly string[], expression: RegExp): string[] =>
  texts.flatMap((text) => [...text.matchAll(expression)].map((match) => match.at(-1) as string))

describe('the page of alarms', () => {
  it('has every alert rule and no other', () => {
    const { groups } = load(read('deploy/grafana/rules.yaml')) as { groups: { rules: { alert: string }[] }[] }
    const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert))
    assert.deepEqual(rowsOf('Alerts').sort(), alerts.sort())
  })

  it('has every reason of a Kubernetes Event and no other', () => {
    assert.deepEqual(rowsOf('Kubernetes Events on a Pod').sort(), [...REASONS].sort())
  })

  it('has every tag that the agent warns by and no other', () => {
    const agent = sources('agent/{canary,cli,delivery,events,exec,reload,run,scope}/**/*.ts')
    const tags = [
      ...found(agent, /\.say\(\s*'(?:warn|error)',\s*'([A-Z ]+)'/g),
      ...found(agent, /level: (?:'(?:warn|error)'|\w+ === [^,]+),\s*tag: '([A-Z ]+)'/g),
      // Tags in tables: of accesses by verdict, of reloads by stage.
      ...found(agent, /(?:blocked|policy|source): '([A-Z ]+)'/g),
    ]
    assert.ok(tags.length > 15, `${tags.length} places in the code`)
    assert.deepEqual([...new Set(rowsOf("The agent's log"))].sort(), [...new Set(tags)].sort())
  })

  it('has every line at `warn` or `error` of the webhook and no other', () => {
    const lines = found(sources('webhook/**/*.ts'), /log\.(?:warn|error)\(\s*\{[^}]*\},\s*(['"])(.*?)\1/gs)
    assert.ok(lines.length > 8, `${lines.length} places in the code`)
    const rows = rowsOf("The webhook's log").map((row) => row.replace(/ …$/, ''))
    for (const line of lines)
      assert.ok(
        rows.some((row) => line.startsWith(row)),
        `\`${line}\` has a row`,
      )
    for (const row of rows)
      assert.ok(
        lines.some((line) => line.startsWith(row)),
        `\`${row}\` is a line of the log`,
      )
  })
})
