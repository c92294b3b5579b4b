/**
 * Kubernetes Events on the Pod for what was refused and what could not be delivered. Off the event path: a line is counted
 * here, and posted when its time has come. What fails is tried again with the next, and never fails the agent.
 */
import { eventOf, type Occurrence, postEvent } from '../../kube/event.ts'
import type { OwnPod } from '../../kube/pod.ts'
import type { Line } from '../describe.ts'
import type { Log } from './log.ts'

export interface KubeEvents {
  readonly write: (line: Line) => void
  readonly posted: () => Readonly<Record<Result, number>>
  /** Tries to post what waits, a second at most. Safe to call twice. */
  readonly close: () => Promise<void>
}

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

export function openKubeEvents(pod: OwnPod, log: Log, times = TIMES): KubeEvents {
  const posted = { sent: 0, failed: 0, refused: 0 }
  let waiting = new Map<string, Occurrence>()
  let timer: NodeJS.Timeout | undefined
  let last = Number.NEGATIVE_INFINITY
  let running = Promise.resolve()
  let off = false
  const post = async (kind: string, occurrence: Occurrence): Promise<void> => {
    const { result, why, forGood } = await tryToPost(pod, occurrence)
    posted[result]++
    if (result === 'failed') waiting.set(kind, joined(waiting.get(kind), occurrence))
    if (why && !off) complain(log, why, forGood)
    off ||= forGood
  }
  const round = async (): Promise<void> => {
    const due = waiting
    waiting = new Map()
    last = Date.now()
    for (const [kind, occurrence] of due) if (!off) await post(kind, occurrence)
    timer = undefined
    if (waiting.size) schedule()
  }
  const schedule = (): void => {
    if (timer || off) return
    const delay = Math.max(times.gatherMs, last + times.restMs - Date.now())
    timer = setTimeout(() => {
      running = round()
    }, delay).unref()
  }
  const write = (line: Line): void => {
    const reason = reasonOf(line)
    if (off || !reason || !line.alike) return
    const now = Date.now()
    const one = { reason, message: line.text, first: now, last: now, count: 1 }
    waiting.set(line.alike.what, joined(waiting.get(line.alike.what), one))
    schedule()
  }
  const close = async (): Promise<void> => {
    clearTimeout(timer)
    const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref())
    const rest = running.then(() => (waiting.size && !off ? round() : undefined))
    await Promise.race([rest, late])
    off = true
    clearTimeout(timer)
  }
  return { write, posted: () => posted, close }
}

function reasonOf({ fields: { event, action } }: Line): string | undefined {
  if (event === 'access' && action === 'blocked') return 'SecretAccessBlocked'
  return event === 'fail' ? 'SecretDeliveryFailed' : undefined
}

/** The first one's words, and how many there were. */
function joined(earlier: Occurrence | undefined, later: Occurrence): Occurrence {
  if (!earlier) return later
  return { ...earlier, last: Math.max(earlier.last, later.last), count: earlier.count + later.count }
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
