/** `kernelseal doctor`: can this node enforce? One line per finding: state, why, what to change. */
import { parseArgs } from 'node:util'
import { examineNode, type Finding } from '../kernel/examine.ts'
import { type Command, EXIT } from './command.ts'

const HELP = `usage: kernelseal doctor [--json]

Says whether this node can enforce, line by line: what was found, why it matters, what to change.
It loads the kernel programs for a moment and unloads them again; nothing is protected by it.

Exit status: 0 when it can, 1 when something that is needed is missing.
`

export const doctor: Command = {
  name: 'doctor',
  summary: 'can this node enforce? cause and fix per line',
  help: HELP,
  run: main,
}

const MARKS = { supported: 'ok  ', unsupported: 'FAIL', unknown: '??  ', degraded: 'warn' } as const

async function main(args: string[]): Promise<number> {
  const { json } = parseArgs({ args, options: { json: { type: 'boolean' } } }).values
  const findings = examineNode()
  process.stdout.write(json ? `${JSON.stringify(findings, null, 2)}\n` : findings.map(line).join(''))
  const able = findings.every((f) => f.state !== 'unsupported')
  if (!json) process.stdout.write(able ? 'This node can enforce.\n' : 'This node cannot enforce.\n')
  return able ? EXIT.ok : EXIT.failed
}

function line({ state, what, found, fix }: Finding): string {
  return `${MARKS[state]}  ${what}: ${found}\n${fix ? `      -> ${fix}\n` : ''}`
}
