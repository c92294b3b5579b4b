/** An ordinary client beside a flood: as an API server, a few kept connections, and now and then a new one. */
import { once } from 'node:events'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Served {
  readonly sent: number
  readonly failed: readonly string[]
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly slowest: number
}

/** @param rate requests a second, over connections that are kept @param seconds how long */
export async function ordinary(port: number, ca: string, body: Buffer, rate: number, seconds: number): Promise<Served> {
  const agent = new Agent({ ca, servername: 'localhost', keepAlive: true, maxSockets: 8 })
  const took: number[] = []
  const failed: string[] = []
  const asked: Promise<void>[] = []
  const end = performance.now() + seconds * 1000
  let due = performance.now()
  for (let n = 0; performance.now() < end; n++) {
    // One of fifty on a connection of its own, as after a restart of an API server.
    asked.push(one(n % 50 === 0 ? new Agent({ ca, servername: 'localhost' }) : agent))
    due += 1000 / rate
    await sleep(Math.max(0, due - performance.now()))
  }
  await Promise.all(asked)
  agent.destroy()
  took.sort((a, b) => a - b)
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? Number.NaN
  return { sent: asked.length, failed, p50: at(0.5), p99: at(0.99), slowest: at(1) }

  async function one(by: Agent): Promise<void> {
    const began = performance.now()
    try {
      const signal = AbortSignal.timeout(5_000)
      const asking = request({ host: '127.0.0.1', port, path: '/mutate', method: 'POST', agent: by, signal })
      asking.end(body)
      const [response] = await once(asking, 'response')
      const answer = await text(response)
      if (response.statusCode !== 200 || !answer.includes('"allowed":true'))
        failed.push(`${response.statusCode} ${answer.slice(0, 200)}`)
    } catch (error) {
      failed.push(String(error))
    }
    took.push(performance.now() - began)
  }
}
