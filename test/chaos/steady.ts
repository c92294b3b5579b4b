/** Pods created at a steady rate while things break, under dry run, and when those were refused that were. */
import { setTimeout as sleep } from 'node:timers/promises'
import { INJECTED, makeNamespace, tryPod } from '../support/cluster/cluster.ts'
import { hasAgent, pod, sealed } from '../support/cluster/pods.ts'

export interface Failure {
  /** performance.now() when it was sent, and when it failed. */
  readonly sent: number
  readonly at: number
  readonly why: string
}

/** As many as client-go keeps idle connections for (transport, idleConnsPerHost): with more, each opens one of its own. */
const OPEN = 24
const NAMESPACE = 'chaos'

/** Lives as long as the run. */
export class Steady {
  sent = 0
  /** Created without the agent or a placeholder: the one thing that must never be. */
  wrong = 0
  readonly failures: Failure[] = []
  private readonly open = new Set<Promise<void>>()
  private over = false
  private readonly going: Promise<void>

  private constructor(rate: number) {
    this.going = this.keepUp(rate)
  }

  /** @param rate Pods a second; a machine too busy for it sends fewer */
  static async begin(rate: number): Promise<Steady> {
    await makeNamespace(NAMESPACE, INJECTED)
    return new Steady(rate)
  }

  async end(): Promise<void> {
    this.over = true
    await this.going
    await Promise.all(this.open)
  }

  /** Of requests sent or failed since then, performance.now(). */
  failedSince(moment: number): readonly Failure[] {
    return this.failures.filter(({ at }) => at >= moment)
  }

  private async keepUp(rate: number): Promise<void> {
    let due = 0
    for (let last = performance.now(); !this.over; await sleep(5)) {
      const now = performance.now()
      due = Math.min(due + (rate * (now - last)) / 1000, OPEN)
      last = now
      for (; due >= 1 && this.open.size < OPEN; due--) this.send()
    }
  }

  private send(): void {
    this.sent++
    const one: Promise<void> = this.create(performance.now()).finally(() => this.open.delete(one))
    this.open.add(one)
  }

  private async create(sent: number): Promise<void> {
    try {
      const { status, body } = await tryPod(NAMESPACE, pod('chaos'))
      if (status !== 201) this.failures.push({ sent, at: performance.now(), why: `${status} ${body.message ?? body}` })
      else if (!hasAgent(body) || !sealed(body, 'PGPASSWORD')) this.wrong++
    } catch (error) {
      this.failures.push({ sent, at: performance.now(), why: String(error) })
    }
  }
}
