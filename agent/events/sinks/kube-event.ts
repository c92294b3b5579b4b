/**
 * Kubernetes Events on the Pod for refused accesses and failed deliveries. Off the event path: a line is counted
 * here, and posted when its time has come. A failed post is tried again with the next one, and never fails the agent.
 */
import { eventOf, type Occurrence, postEvent } from '../../kube/event.ts'
import type { OwnPod } from '../../kube/pod.ts'
import type { Line } from '../describe.ts'
import type { Log } from './log.ts'

/** `refused`: the server will not have it, so it is not tried again. */
export const RESULTS = ['sent', 'failed', 'refused'] as const
type Result = (typeof RESULTS)[number]

interface Times {
  /** From the first line to its Event: others of its kind join it meanwhile. */
  readonly gatherMs: number
  /** From one round of posts to the next. Of each kind there is one in a round, and kinds are a closed set. */
  readonly restMs: number
}
const TIMES: Times = { gatherMs: 2_000, restMs: 60_000 }
const CLOSE_MS = 1_000

/** Ends with `close`, or for good with a 403. */
export class KubeEvents {
  readonly posted: Record<Result, number> = { sent: 0, failed: 0, refused: 0 }
  readonly #pod: OwnPod
  readonly #log: Log
  readonly #times: Times
  /** By kind. */
  #waiting = new Map<string, Occurrence>()
  #timer: NodeJS.Timeout | undefined
  #lastRound = Number.NEGATIVE_INFINITY
  #running = Promise.resolve()
  #off = false
  /** One line for a row of failures. */
  #complained = false

  constructor(pod: OwnPod, log: Log, times = TIMES) {
    this.#pod = pod
    this.#log = log
    this.#times = times
  }

  /** Costs no more than counting. */
  write(line: Line): void {
    const reason = reasonOf(line)
    if (this.#off || !reason || !line.alike) return
    const now = Date.now()
    this.#wait(line.alike.what, { reason, message: line.text, first: now, last: now, count: 1 })
    this.#schedule()
  }

  /** Tries to post the waiting Events, for a second at most. Safe to call twice. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref())
    await Promise.race([this.#running.then(() => this.#round()), late])
    this.#off = true
    clearTimeout(this.#timer)
  }

  #wait(kind: string, later: Occurrence): void {
    const earlier = this.#waiting.get(kind)
    this.#waiting.set(kind, earlier ? joined(earlier, later) : later)
  }

  #schedule(): void {
    if (this.#timer || this.#off) return
    const { gatherMs, restMs } = this.#times
    const start = (): void => {
      this.#running = this.#round()
    }
    this.#timer = setTimeout(start, Math.max(gatherMs, this.#lastRound + restMs - Date.now())).unref()
  }

  async #round(): Promise<void> {
    const due = this.#waiting
    this.#waiting = new Map()
    this.#lastRound = Date.now()
    for (const [kind, occurrence] of due) if (!this.#off) await this.#post(kind, occurrence)
    this.#timer = undefined
    if (this.#waiting.size) this.#schedule()
  }

  async #post(kind: string, occurrence: Occurrence): Promise<void> {
    const { result, why, forGood } = await tryToPost(this.#pod, occurrence)
    this.posted[result]++
    if (result === 'failed') this.#wait(kind, occurrence)
    if (why && !this.#off && (forGood || !this.#complained)) complain(this.#log, why, forGood)
    this.#complained = result !== 'sent'
    this.#off ||= forGood
  }
}

/** Of the Events; docs/operate/alarms.md has the action for each. */
export const REASONS = ['SecretAccessBlocked', 'ProtectionLost', 'SecretDeliveryFailed'] as const

function reasonOf({ fields: { event, action }, alike }: Line): (typeof REASONS)[number] | undefined {
  if (alike?.passing) return undefined
  if (event === 'access' && action === 'blocked') return 'SecretAccessBlocked'
  if (event === 'protection-lost') return 'ProtectionLost'
  return event === 'fail' ? 'SecretDeliveryFailed' : undefined
}

/** The first one's words, and how many there were. */
function joined(a: Occurrence, b: Occurrence): Occurrence {
  const first = a.first <= b.first ? a : b
  return { ...first, last: Math.max(a.last, b.last), count: a.count + b.count }
}

interface Outcome {
  readonly result: Result
  readonly why?: string
  /** Events are not for us: no more are tried. */
  readonly forGood: boolean
}

async function tryToPost(pod: OwnPod, occurrence: Occurrence): Promise<Outcome> {
  const { message, count } = occurrence
  const counted = count > 1 ? { ...occurrence, message: `${message} (and ${count - 1} more of the kind)` } : occurrence
  try {
    const answer = await postEvent(pod, eventOf(pod, counted))
    if (answer.status < 300) return { result: 'sent', forGood: false }
    const why = `the API server answered ${answer.status}: ${answer.message}`
    const again = answer.status === 401 || answer.status === 429 || answer.status >= 500
    return { result: again ? 'failed' : 'refused', why, forGood: answer.status === 403 }
  } catch (error) {
    return { result: 'failed', why: (error as Error).message, forGood: false }
  }
}

function complain(log: Log, why: string, forGood: boolean): void {
  const role = 'let the Pod’s service account create `events` in its namespace (deploy/examples/events-role.yaml)'
  if (forGood) log.say('warn', 'KUBE', `no Kubernetes Events from here on: ${why}; to have them, ${role}`)
  else log.say('warn', 'KUBE', `a Kubernetes Event could not be posted: ${why}`)
}
