/** `kernelseal attack`: the bypass suite against canaries of its own, without protection and with it. */
import { attempts, attemptsOfRows } from '../attack/attempts/suite.ts'
import { countsOf, exitStatusOf } from '../attack/report/matrix.ts'
import { openProgress } from '../attack/report/progress.ts'
import { renderJson, renderTable } from '../attack/report/render.ts'
import { type Attacker, EVERY_ATTACKER, parseAttacker } from '../attack/runner/attackers.ts'
import { type Contest, holdContest } from '../attack/runner/compare.ts'
import { runAsInit } from '../attack/runner/namespace.ts'
import { newCleanup } from '../attack/targets/cleanup.ts'
import { becomeInit, isInit } from '../linux/namespaces.ts'
import { command, type Line } from '../options/command.ts'
import type { Values } from '../options/table.ts'
import { MODES } from '../policy/schema.ts'
import { UsageError } from '../policy/text/problems.ts'
import { nearest, quote } from '../policy/text/suggest.ts'
import { complain } from './command.ts'
import { runSweep, whole } from './sweep.ts'

const TEXT = `Proves KernelSeal's claims on this host. It starts canary processes, attacks them by every known way, then starts an agent
of its own, lets it give a secret to canaries and attacks those in the same way. The table has the outcome of each attempt:

  refused   worked without protection, and does not with it
  LEAKED    works with protection
  kernel    refused to that attacker by the kernel itself, with or without KernelSeal
  unproved  did not work without protection either, or ended in an error: it proves nothing
  skipped   this host does not permit the attempt

Attackers: root; container-root (uid 0 with the capabilities of a container); uid:0 and uid:65534 (without any); same-uid (the
user of the application itself). All of it happens in a PID namespace of its own, with an agent for that: Pods and their agents
on this node are left alone, and come and go meanwhile. (Beneath an agent that serves the whole machine no other can be: stop
that one first.) The switches that refuse rows are all on, blockMaps (row 5) too, which is off by default. Needs root, and
executable space for a copy of the runtime in TMPDIR.`

const OPTIONS = {
  rows: { value: '1,2,3', completes: 'nothing', help: 'only these rows of the table of ways; all without it' },
  attempt: {
    value: 'ID',
    completes: 'nothing',
    multiple: true,
    help: 'only this one, by its name in the table; several with several',
  },
  as: {
    value: 'ATTACKER',
    completes: 'nothing',
    multiple: true,
    help: 'root, container-root, same-uid or uid:N; all five without it',
  },
  mode: {
    value: 'MODE',
    completes: MODES,
    default: 'enforce',
    help: 'of the agent; with disabled everything should leak but row 4',
  },
  disruptive: {
    help: 'also attempts that touch more than the canaries: change kernel.core_pattern for moments; end the agent',
  },
  json: { help: 'one JSON document instead of the table' },
  verbose: { help: 'every outcome as it comes, on standard error' },
  sweep: { help: 'everything that a kernel offers, instead of the known ways' },
  seed: {
    value: 'N',
    completes: 'nothing',
    default: '1',
    help: 'which part a short sweep takes, and in which order',
  },
  budget: {
    value: 'SECONDS',
    completes: 'nothing',
    default: '600',
    help: 'of a sweep, for all attackers on both sides together, without the starts of processes',
  },
} as const

const NOTES = `With --sweep everything that a kernel offers is tried on a process whose environment, heap, registers and files hold random
needles: each file of procfs in each mode of opening, each system call number, each ptrace, pidfd and bpf request, each kind and bit
of a perf sample, each file that may be written below /proc/sys and /sys (opened only). What is not called, and why, is a closed
list: agent/attack/sweep/families/not-called.ts. A way is one file name, one system call or one sample bit.`

export const attack = command({
  name: 'attack',
  summary: 'try every way to a secret, print the matrix',
  usage: '[options]',
  text: TEXT,
  options: OPTIONS,
  notes: NOTES,
  exit: `0 when everything that could be tried was refused, 1 when anything leaked, 2 when anything is unproved or the
suite could not run.`,
  run: main,
})

/** Not the 1 of other commands: here that means a leak. */
const COULD_NOT_RUN = 2

async function main(values: Values<typeof OPTIONS>, { own }: Line): Promise<number> {
  const attackers = attackersNamed(values.as ?? EVERY_ATTACKER)
  const ids = values.attempt === undefined ? idsOf(values.rows) : idsNamed(values.attempt, values.rows)
  const { mode } = values
  if (process.getuid?.() !== 0) return couldNotRun('only root can start and attack processes of every kind')
  if (values.sweep) whole('--seed', values.seed)
  if (values.sweep) whole('--budget', values.budget)
  if (!isInit()) return runAsInit(['attack', ...own]).catch((error: Error) => couldNotRun(error.message))
  becomeInit()
  const progress = openProgress({ total: 2 * attackers.length * ids.length, verbose: values.verbose })
  const cleanup = newCleanup()
  const interrupted = onSignal(cleanup.run)
  try {
    if (values.sweep) return await runSweep(attackers, values, cleanup)
    const contest = await holdContest({ mode, attackers, ids, disruptive: values.disruptive, cleanup, ...progress })
    progress.end()
    print(contest, values.json)
    return exitStatusOf(countsOf(contest.lines))
  } catch (error) {
    progress.end()
    return couldNotRun((error as Error).message)
  } finally {
    interrupted.ignore()
  }
}

function print({ lines, ...about }: Contest, json: boolean): void {
  if (json) return void process.stdout.write(`${renderJson(lines, about)}\n`)
  const { kernel, tier, delivery, mode } = about
  const head = `Linux ${kernel}, refusal tier ${tier}, delivery tier ${delivery}, mode ${mode}`
  process.stdout.write(`${head}\n\n${renderTable(lines)}\n`)
}

function couldNotRun(why: string): number {
  complain(why)
  return COULD_NOT_RUN
}

/** Ends with the status that shells give to the signal, once all is cleaned up. */
function onSignal(cleanUp: () => Promise<void>): { ignore: () => void } {
  const end = (number: number) => () => void cleanUp().finally(() => process.exit(128 + number))
  const [interrupt, terminate] = [end(2), end(15)]
  process.once('SIGINT', interrupt).once('SIGTERM', terminate)
  return { ignore: () => void process.off('SIGINT', interrupt).off('SIGTERM', terminate) }
}

function attackersNamed(names: readonly string[]): Attacker[] {
  try {
    return [...new Set(names)].map(parseAttacker)
  } catch (error) {
    throw new UsageError(`--as: ${(error as Error).message}`)
  }
}

function idsNamed(names: readonly string[], rows: string | undefined): string[] {
  if (rows !== undefined) throw new UsageError('give --rows or --attempt, not both')
  const known = attempts.map(({ id }) => id)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return known.filter((id) => names.includes(id))
  const guess = nearest(unknown, known)
  const hint = guess === undefined ? 'the table without this option has all names' : `did you mean \`${guess}\`?`
  throw new UsageError(`--attempt: there is no ${quote(unknown)} (${hint})`)
}

function idsOf(rows: string | undefined): string[] {
  const known = new Set(attempts.map(({ row }) => row))
  if (rows === undefined) return attempts.map(({ id }) => id)
  const wanted = rows.split(',').map(Number)
  const unknown = rows.split(',').find((_, i) => !known.has(wanted[i]!))
  if (unknown === undefined) return attemptsOfRows(wanted).map(({ id }) => id)
  throw new UsageError(`--rows: there is no row \`${unknown}\`; there are ${[...known].join(', ')}`)
}
