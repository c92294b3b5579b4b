/** Results → docs/counts.md. Pure. */
import { type Run, runsOf } from './counts.ts'
import { isGood, type Result, resultOf } from './result.ts'

const INTRODUCTION = `# What was counted

Written by \`scripts/test-counts\`; do not edit. Claims that one run cannot show, such as "no start in 20,000 was seen", each in a virtual
machine with a Debian kernel, emulated. *Code* stands for the kernel's programs, the agent's part in delivery and refusal, and the test:
\`scripts/test-counts --list\` says which lines are of the code as it is now.`

export function pageOf(results: readonly Result[]): string {
  const rows = runsOf([]).map((run) => rowOf(run, resultOf(run, results)))
  const head = ['Claim', 'Kernel', 'Outcome', 'Figures', 'Minutes', 'Date', 'Code']
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return `${INTRODUCTION}\n\n${lines.join('\n')}\n`
}

function rowOf({ count, kernel }: Run, result: Result | undefined): string[] {
  if (!result) return [count.claim, kernel, 'not run', '', '', '', '']
  const { passed, failed, figures, seconds, date, code } = result
  const outcome = isGood(result)
    ? `holds (${passed} passed)`
    : `**does not hold**: ${failed.join('; ') || 'nothing ran'}`
  const told = figures.map((line) => line.trim().replaceAll('|', '\\|')).join('<br>')
  return [count.claim, kernel, outcome, told, String(Math.round(seconds / 60)), date, `\`${code}\``]
}
