/** `kernelseal doctor`: can this node enforce? One line per finding: state, cause, remedy. */
import { examineNode, type Finding } from '../doctor/checks.ts'
import { command } from '../options/command.ts'
import type { NothingLeft, Values } from '../options/table.ts'
import { EXIT } from './command.ts'

const TEXT = `Says whether this node can enforce, line by line: the finding, its importance, the remedy.
It loads the kernel programs for a moment and unloads them again; nothing is protected by it.

Before KernelSeal is installed, on a node of a cluster: kubectl apply -k deploy/doctor`

const OPTIONS = {
  json: { help: 'an array of { what, why, state, found, fix }; state is supported, degraded, unknown or unsupported' },
} as const

export const doctor = command({
  name: 'doctor',
  summary: 'can this node enforce? cause and fix per line',
  usage: '[--json]',
  text: TEXT,
  options: OPTIONS,
  exit: '0 when it can, 1 when something that is needed is missing or something exports secrets.',
  run: main,
})

const MARKS = { supported: 'ok  ', unsupported: 'FAIL', unknown: '??  ', degraded: 'warn' } as const

async function main({ json, ...left }: Values<typeof OPTIONS>): Promise<number> {
  left satisfies NothingLeft
  const findings = examineNode()
  process.stdout.write(json ? `${JSON.stringify(findings, null, 2)}\n` : findings.map(line).join(''))
  const able = findings.every((f) => f.state !== 'unsupported')
  if (!json) process.stdout.write(verdict(able, findings))
  return able ? EXIT.ok : EXIT.failed
}

function line({ state, what, why, found, fix }: Finding): string {
  const because = state === 'supported' ? '' : `      why: ${why}\n`
  return `${MARKS[state]}  ${what}: ${found}\n${because}${fix ? `      fix: ${fix}\n` : ''}`
}

function verdict(able: boolean, findings: readonly Finding[]): string {
  if (!able) return 'This node cannot enforce: correct the lines marked FAIL.\n'
  const less = findings.filter(({ state }) => state !== 'supported').length
  return less
    ? `This node can enforce, with ${less} ${less > 1 ? 'things' : 'thing'} to improve.\n`
    : 'This node can enforce.\n'
}
