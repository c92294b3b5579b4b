/** Pods created at a steady rate, not one after the other, and the outcome of each. */
import { setTimeout as sleep } from 'node:timers/promises'
import { tryPod } from './cluster.ts'
import { hasAgent, pod, sealed } from './pods.ts'
import { assertThroughout, thirdsOf } from './throughout.ts'

export interface Tally {
  readonly sent: number
  /** Requests sent per second, once the rate had risen. */
  readonly rate: number
  /** Created with the agent and a placeholder. */
  readonly right: number
  /** Created without: the one thing that must never be. */
  readonly wrong: number
  /** Refused or not answered, with the words for it. */
  readonly failed: readonly string[]
  /** Pods created in each third of the time that the load was for. */
  readonly thirds: readonly number[]
  /** Milliseconds from request to answer, of the slowest hundredth. */
  readonly p99: number
}

export const RATE = 200
/** Seconds in which the rate rises to that: connections are opened and code is compiled by the first requests. */
const RISE = 4
/**
 * Requests without an answer, at most: client-go keeps 25 idle connections for each webhook (transport, idleConnsPerHost), and
 * with more of them than that opens and closes one for each. On a machine too busy for the rate they would also pile up
 * without end: then the rate falls, and the figures say so.
 */
const OPEN = 24

/**
 * Dry runs, which go all the way through admission and are not stored. The API server waits for the webhook in them as in
 * any other. Those sent while the rate rises count as well.
 * @param during begins at the full rate; the load lasts as long as this does
 * @throws AssertionError when there was no load in a part of that time: nothing is then known of it
 */
export async function underLoad(namespace: string, during: () => Promise<void>): Promise<Tally> {
  const load = new Load(namespace)
  const rising = performance.now()
  const risen = () => (performance.now() - rising) / 1000 / RISE
  await load.keepUp(
    () => RATE * risen(),
    () => risen() >= 1,
  )
  const state = { over: false }
  const [began, before] = [performance.now(), load.sent]
  const work = during().finally(() => {
    state.over = true
  })
  const [outcome] = await Promise.allSettled([
    work,
    load.keepUp(
      () => RATE,
      () => state.over,
    ),
  ])
  const ended = performance.now()
  const rate = ((load.sent - before) / (ended - began)) * 1000
  await load.answered()
  if (outcome.status === 'rejected') throw outcome.reason
  const tally = load.tally(rate, thirdsOf(load.created, began, ended))
  assertThroughout(tally.thirds, figures(tally))
  return tally
}

class Load {
  sent = 0
  right = 0
  wrong = 0
  readonly failed: string[] = []
  readonly took: number[] = []
  /** When each Pod was. */
  readonly created: number[] = []
  private readonly namespace: string
  private readonly open = new Set<Promise<void>>()

  constructor(namespace: string) {
    this.namespace = namespace
  }

  /** Sends at the rate there is at each moment; late requests are not made up for in a burst. */
  async keepUp(rate: () => number, over: () => boolean): Promise<void> {
    let due = 0
    for (let last = performance.now(); !over(); await sleep(5)) {
      const now = performance.now()
      due = Math.min(due + (rate() * (now - last)) / 1000, OPEN)
      last = now
      for (; due >= 1 && this.open.size < OPEN; due--) this.send()
    }
  }

  async answered(): Promise<void> {
    await Promise.all(this.open)
  }

  tally(rate: number, thirds: readonly number[]): Tally {
    const { sent, right, wrong, failed, took } = this
    const p99 = took.sort((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? 0
    return { sent, rate, right, wrong, failed, thirds, p99 }
  }

  private send(): void {
    this.sent++
    const began = performance.now()
    const one: Promise<void> = this.create().finally(() => {
      this.took.push(performance.now() - began)
      this.open.delete(one)
    })
    this.open.add(one)
  }

  private async create(): Promise<void> {
    try {
      const { status, body } = await tryPod(this.namespace, pod('load'))
      if (status === 201) this.created.push(performance.now())
      if (status !== 201) this.failed.push(`${status} ${body.message ?? body}`)
      else if (hasAgent(body) && sealed(body, 'PGPASSWORD')) this.right++
      else this.wrong++
    } catch (error) {
      this.failed.push(String(error))
    }
  }
}

/** For the test's output: the figures a reader wants to see. */
export function figures({ sent, rate, right, wrong, failed, thirds, p99 }: Tally): string {
  const short = rate < RATE * 0.95 ? ` (not the ${RATE}/s wanted: this machine is too busy)` : ''
  const why = [...new Set(failed)].slice(0, 5).map((text) => `\n  failed: ${text.slice(0, 300)}`)
  const counts = `${right} right, ${wrong} wrong, ${failed.length} failed`
  return `${sent} Pods at ${rate.toFixed(0)}/s${short}: ${counts}, p99 ${p99.toFixed(0)} ms, in thirds ${thirds.join(' ')}${why.join('')}`
}
