/**
 * Admissions as an API server asks for them through a Service: connections that are kept, replica after replica of those that are ready,
 * and a request whose kept connection was closed before the answer began once more on a new one (Go's net/http, shouldRetryRequest).
 */
import { once } from 'node:events'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Running } from '../fire/webhook-process.ts'

/** The `timeoutSeconds` of the shipped configurations. */
const TIMEOUT_MS = 5_000
/** One of so many on a connection of its own, as after an API server's restart. */
const NEW_ONE_OF = 50

export interface Admission {
  /** performance.now() of its end, and how long it took, ms. */
  readonly at: number
  readonly took: number
  /** '' when it was admitted. */
  readonly why: string
}

interface Endpoint extends Pick<Running, 'port' | 'ca'> {
  readonly isReady: () => boolean
}

/** Lives as long as the run. */
export class Service {
  readonly admissions: Admission[] = []
  /** Sent a second time. */
  again = 0
  private readonly ends: { readonly endpoint: Endpoint; readonly kept: Agent }[]
  private readonly open = new Set<Promise<void>>()
  private turn = 0

  constructor(endpoints: readonly Endpoint[]) {
    this.ends = endpoints.map((endpoint) => ({ endpoint, kept: agentOf(endpoint, true) }))
  }

  /** @param bodies reviews, one after the other @param rate a second @param ms how long; all are answered or failed at its end */
  async ask(bodies: readonly Buffer[], rate: number, ms: number): Promise<void> {
    const end = performance.now() + ms
    let due = performance.now()
    for (let n = 0; performance.now() < end; n++) {
      const one: Promise<void> = this.one(bodies[n % bodies.length]!, n % NEW_ONE_OF === 0).finally(() =>
        this.open.delete(one),
      )
      this.open.add(one)
      due += 1000 / rate
      await sleep(Math.max(0, due - performance.now()))
    }
    await Promise.all(this.open)
  }

  close(): void {
    for (const { kept } of this.ends) kept.destroy()
  }

  private async one(body: Buffer, isNew: boolean): Promise<void> {
    const began = performance.now()
    const why = await this.admit(body, isNew).catch(String)
    this.admissions.push({ at: performance.now(), took: performance.now() - began, why })
  }

  private async admit(body: Buffer, isNew: boolean): Promise<string> {
    const ready = this.ends.filter(({ endpoint }) => endpoint.isReady())
    const end = ready[this.turn++ % ready.length]
    if (end === undefined) return 'no replica is ready'
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    try {
      return await post(end.endpoint, body, isNew ? agentOf(end.endpoint, false) : end.kept, signal)
    } catch (error) {
      if (!(error instanceof ClosedWhileKept)) throw error
      this.again++
      return post(end.endpoint, body, agentOf(end.endpoint, false), signal)
    }
  }
}

class ClosedWhileKept extends Error {}

/** @returns the fault of the answer, or nothing */
async function post({ port }: Endpoint, body: Buffer, agent: Agent, signal: AbortSignal): Promise<string> {
  const asking = request({ host: '127.0.0.1', port, path: '/mutate', method: 'POST', agent, signal })
  asking.end(body)
  const [response] = await once(asking, 'response').catch((error: Error) => {
    throw asking.reusedSocket && !signal.aborted ? new ClosedWhileKept() : error
  })
  const answer = await text(response)
  if (response.statusCode !== 200) return `${response.statusCode} ${answer.slice(0, 200)}`
  // Without a patch nothing was injected.
  const isAdmitted = answer.includes('"allowed":true') && answer.includes('"patch":"')
  return isAdmitted ? '' : answer.slice(0, 300)
}

const agentOf = ({ ca }: Endpoint, keepAlive: boolean): Agent =>
  new Agent({ ca, servername: 'localhost', keepAlive, maxSockets: keepAlive ? 24 : 1 })
