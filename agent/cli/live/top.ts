/** `kernelseal top`: a live view of the scopes of this node. */

import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { command } from '../../options/command.ts'
import type { NothingLeft, Values } from '../../options/table.ts'
import { UsageError } from '../../policy/text/problems.ts'
import { type Survey, surveyNode } from '../../scope/status.ts'
import { EXIT } from '../command.ts'
import { NOTHING } from '../status.ts'
import { type Look, ratesTable } from './rates.ts'
import { openScreen } from './screen.ts'

const TEXT = `The scopes of this node, their rates per second, and their tier and agent, refreshed. 'q' or Ctrl-C ends it.
When its output is no terminal, one table of one interval.`

const OPTIONS = {
  interval: { value: 'SECONDS', completes: 'nothing', default: '2', help: 'between two looks' },
} as const

export const top = command({
  name: 'top',
  summary: 'rates of the scopes, live',
  usage: '[--interval SECONDS]',
  text: TEXT,
  options: OPTIONS,
  exit: '0 when something stands, 1 when nothing does.',
  run: main,
})

async function main({ interval, ...left }: Values<typeof OPTIONS>): Promise<number> {
  left satisfies NothingLeft
  const seconds = Number(interval)
  if (!(seconds >= 0.1 && seconds <= 3600)) throw new UsageError(`--interval is 0.1 to 3600 s, not \`${interval}\``)
  const first = look(surveyNode)
  if (!first.survey) {
    process.stdout.write(NOTHING)
    return EXIT.failed
  }
  if (process.stdout.isTTY && process.env.TERM !== 'dumb') await watch(surveyNode, seconds * 1000, first)
  else await once(seconds * 1000, first)
  return EXIT.ok
}

async function once(intervalMs: number, first: Look): Promise<void> {
  await sleep(intervalMs)
  process.stdout.write(ratesTable(first, look(surveyNode)))
}

const look = (survey: () => Survey | undefined): Look => ({ survey: survey(), at: performance.now() })

/** Returns when the user ends it. @throws a survey's error, with the terminal as it was before */
export async function watch(survey: () => Survey | undefined, intervalMs: number, first = look(survey)): Promise<void> {
  const screen = openScreen(process.stdout, process.stdin)
  try {
    let before = first
    screen.draw(page(before, before))
    for (const ended = screen.quit.then(() => true); !(await Promise.race([ended, sleep(intervalMs, false)])); ) {
      const now = look(survey)
      screen.draw(page(before, now))
      before = now
    }
  } finally {
    screen.close()
  }
}

const page = (before: Look, now: Look): string =>
  `kernelseal top, ${new Date().toTimeString().slice(0, 8)}; q ends it\n\n${ratesTable(before, now)}`
