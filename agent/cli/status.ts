/** `kernelseal status`: what stands on this node, whether or not an agent runs. */
import { parseArgs } from 'node:util'
import { type ScopeSurvey, type Survey, surveyNode } from '../kernel/survey.ts'
import { type Command, EXIT } from './command.ts'

const HELP = `usage: kernelseal status [--json]

Scopes, sealed processes, tier and counters of this node, read from what is pinned under /sys/fs/bpf/kernelseal.

Exit status: 0 when something stands, 1 when nothing does.
`

export const status: Command = {
  name: 'status',
  summary: 'scopes, sealed processes, tier, counters',
  help: HELP,
  run: main,
}

async function main(args: string[]): Promise<number> {
  const { json } = parseArgs({ args, options: { json: { type: 'boolean' } } }).values
  const survey = surveyNode()
  if (json) process.stdout.write(`${JSON.stringify(survey ?? null, null, 2)}\n`)
  else
    process.stdout.write(
      survey ? render(survey) : 'Nothing is pinned: no agent protects anything beyond its own life.\n',
    )
  return survey ? EXIT.ok : EXIT.failed
}

function render({ tier, delivery, programs, scopes, others }: Survey): string {
  const head = `${programs.length} programs, refusal tier ${tier}, delivery tier ${delivery}; ${scopes.length} scopes\n${others.map(other).join('')}`
  if (!scopes.length) return head
  const rows = [
    ['SCOPE', 'MODE', 'AGENT', 'SEALED', 'EXECS', 'VALUES', 'FAILED', 'BLOCKED', 'AUDITED', 'LOST'],
    ...scopes.map(row),
  ]
  const widths = (rows[0] as string[]).map((_, i) => Math.max(...rows.map((r) => (r[i] as string).length)))
  return (
    head +
    rows
      .map(
        (r) =>
          `${r
            .map((cell, i) => cell.padEnd(widths[i] as number))
            .join('  ')
            .trimEnd()}\n`,
      )
      .join('')
  )
}

const other = ({ abi, scopes }: Survey['others'][number]): string =>
  `beside it the set of another version, ${abi}, with ${scopes.length} scopes\n`

function row({ scope, mode, agent, sealed, counts }: ScopeSurvey): string[] {
  const numbers = [
    sealed,
    counts.execs,
    counts.values,
    counts.failed,
    counts.blocked,
    counts.audited,
    counts.events_lost,
  ]
  return [String(scope), mode, agent ? 'alive' : 'gone', ...numbers.map(String)]
}
