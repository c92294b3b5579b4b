/** `kernelseal status`: scopes and programs on this node, whether or not an agent runs. */
import { command } from '../options/command.ts'
import type { NothingLeft, Values } from '../options/table.ts'
import { type ScopeSurvey, type Survey, surveyNode } from '../scope/status.ts'
import { EXIT } from './command.ts'
import { columns } from './table.ts'

const OPTIONS = { json: { help: 'as JSON' } } as const

export const NOTHING = 'Nothing is pinned: no agent protects anything beyond its own life.\n'

export const status = command({
  name: 'status',
  summary: 'scopes, sealed processes, tier, counters',
  usage: '[--json]',
  text: 'Scopes, sealed processes, tier and counters of this node, read from the pins under /sys/fs/bpf/kernelseal.',
  options: OPTIONS,
  exit: '0 when something stands, 1 when nothing does.',
  run: main,
})

async function main({ json, ...left }: Values<typeof OPTIONS>): Promise<number> {
  left satisfies NothingLeft
  const survey = surveyNode()
  if (json) process.stdout.write(`${JSON.stringify(survey ?? { scopes: [] }, null, 2)}\n`)
  else process.stdout.write(survey ? render(survey) : NOTHING)
  return survey ? EXIT.ok : EXIT.failed
}

function render(survey: Survey): string {
  const rows = survey.scopes.map(row)
  return headOf(survey) + (rows.length ? columns([HEADING, ...rows]) : '')
}

/** Tiers and sets, above a table of scopes. */
export function headOf({ tier, delivery, programs, scopes, others }: Survey): string {
  return `${programs.length} programs, refusal tier ${tier}, delivery tier ${delivery}; ${scopes.length} scopes\n${others.map(other).join('')}`
}

const HEADING = ['SCOPE', 'MODE', 'AGENT', 'SEALED', 'EXECS', 'VALUES', 'FAILED', 'BLOCKED', 'AUDITED', 'LOST']

const other = ({ abi, scopes }: Survey['others'][number]): string =>
  `beside it the set of another version, ${abi}, with ${scopes.length} scopes\n`

function row({ sealed, counts, ...scope }: ScopeSurvey): string[] {
  const numbers = [
    sealed,
    counts.execs,
    counts.values,
    counts.failed,
    counts.blocked,
    counts.audited,
    counts.events_lost,
  ]
  return [...who(scope), ...numbers.map(String)]
}

/** The first three columns of a scope's row. */
export const who = ({
  scope,
  cgroup,
  mode,
  agent,
}: Pick<ScopeSurvey, 'scope' | 'cgroup' | 'mode' | 'agent'>): string[] => [
  cgroup === undefined ? String(scope) : `${scope} ${cgroup}`,
  mode,
  agent ? 'alive' : 'gone',
]
