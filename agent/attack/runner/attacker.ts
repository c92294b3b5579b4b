/**
 * Runs attempts under an identity, in a process of its own. An attempt that hangs is killed, one that crashes takes only
 * its process along; both are reported as errors and the rest goes on in a new process.
 */
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { failed, type Outcome, type Target } from '../attempt.ts'
import { attemptsById } from '../attempts/suite.ts'
import type { Identity } from './identity.ts'
import { launch, runtimeEnvironment } from './launch.ts'
import { type Progress, requestFor } from './request.ts'

export type Outcomes = ReadonlyMap<string, Outcome>

const PROGRAM = join(import.meta.dirname, 'attacker-main.ts')
/** From the start of a process to a sign of it; under emulation on a very busy machine that takes a minute. */
const START_MS = 180_000
/** From report to report: the longest attempt samples for 10 s. */
const HANG_MS = 90_000

/**
 * @param onOutcome called as results come in
 * @returns one outcome per id
 */
export async function attack(
  target: Target,
  identity: Identity,
  ids: readonly string[],
  onOutcome: (id: string, outcome: Outcome) => void = () => {},
): Promise<Outcomes> {
  const outcomes = new Map<string, Outcome>()
  const settle = (id: string, outcome: Outcome) => {
    outcomes.set(id, outcome)
    onOutcome(id, outcome)
  }
  const pending = () => ids.filter((id) => !outcomes.has(id))
  while (pending().length > 0) {
    const end = await runProcess(target, identity, pending(), settle)
    if (end.running !== undefined) settle(end.running, failed(end.why))
    else for (const id of pending()) settle(id, failed(`no attacker as \`${identity}\`: ${end.why}`))
  }
  return outcomes
}

interface End {
  /** The attempt in which the process ended. */
  readonly running: string | undefined
  readonly why: string
}

async function runProcess(
  target: Target,
  identity: Identity,
  ids: readonly string[],
  settle: (id: string, outcome: Outcome) => void,
): Promise<End> {
  const spec = { argv: [process.execPath, PROGRAM], env: runtimeEnvironment(), as: identity }
  const child = launch(spec, ['pipe', 'pipe', 'pipe'])
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? `status ${code}`))
  })
  const complaints = text(child.stderr!)
  child.stdin!.on('error', () => {}) // a child that could not take its identity reads nothing; its end tells why
  child.stdin!.end(JSON.stringify(requestFor(target, ids)))
  const watchdog = watch(child)
  let running: string | undefined
  for await (const line of createInterface({ input: child.stdout! })) {
    const { id, outcome } = JSON.parse(line) as Progress
    watchdog.expectWithin(outcome || !attemptsById([id])[0]?.starts ? HANG_MS : START_MS)
    running = outcome ? undefined : id
    if (outcome) settle(id, outcome)
  }
  const status = await ended
  return { running, why: watchdog.stop() ?? `${status} ${lastError(await complaints)}`.trim() }
}

interface Watchdog {
  /** Replaces the limit that runs. */
  expectWithin(milliseconds: number): void
  /** @returns why the process was killed, if it was */
  stop(): string | undefined
}

/** SIGKILL by pid to a process that stays silent for too long. */
function watch(child: ChildProcess): Watchdog {
  let reason: string | undefined
  const arm = (milliseconds: number) =>
    setTimeout(() => {
      reason = `silent for ${milliseconds / 1000} s and killed`
      child.kill('SIGKILL')
    }, milliseconds)
  let timer = arm(START_MS)
  return {
    expectWithin: (milliseconds) => {
      clearTimeout(timer)
      timer = arm(milliseconds)
    },
    stop: () => {
      clearTimeout(timer)
      return reason
    },
  }
}

/** The line of an uncaught error that names it. */
function lastError(complaints: string): string {
  return complaints.split('\n').find((line) => /Error\b.*:/.test(line)) ?? ''
}
