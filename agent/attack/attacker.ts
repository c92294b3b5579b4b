/**
 * Runs attempts under an identity, in a process of its own. An attempt that hangs is killed, one that crashes takes only
 * its process along; both are reported as errors and the rest goes on in a new process.
 */
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { failed, impossible, type Outcome, type Target } from './attempt.ts'
import type { Identity } from './identity.ts'
import { launch } from './launch.ts'
import { type Progress, requestFor } from './request.ts'

export type Outcomes = ReadonlyMap<string, Outcome>

const PROGRAM = join(import.meta.dirname, 'attacker-main.ts')
/** The longest attempt samples for 1.5 s; a start under emulation takes some seconds. */
const HANG_MS = 20_000

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
    else for (const id of pending()) settle(id, impossible(`no attacker as \`${identity}\`: ${end.why}`))
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
  const child = launch({ argv: [process.execPath, PROGRAM], env: {}, as: identity }, ['pipe', 'pipe', 'pipe'])
  const ended = new Promise<string>((resolve) =>
    child.once('close', (code, signal) => resolve(`${signal ?? `status ${code}`}`)),
  )
  const complaints = text(child.stderr!)
  child.stdin!.on('error', () => {}) // a child that could not take its identity reads nothing; its end tells why
  child.stdin!.end(JSON.stringify(requestFor(target, ids)))
  let running: string | undefined
  let hung = false
  const watchdog = setTimeout(() => {
    hung = true
    child.kill('SIGKILL')
  }, HANG_MS)
  for await (const line of createInterface({ input: child.stdout! })) {
    watchdog.refresh()
    const { id, outcome } = JSON.parse(line) as Progress
    running = outcome ? undefined : id
    if (outcome) settle(id, outcome)
  }
  const status = await ended
  clearTimeout(watchdog)
  return {
    running,
    why: hung ? `hung for ${HANG_MS / 1000} s and was killed` : `${status} ${lastError(await complaints)}`.trim(),
  }
}

/** The line of an uncaught error that names it. */
function lastError(complaints: string): string {
  return complaints.split('\n').find((line) => /Error\b.*:/.test(line)) ?? ''
}
