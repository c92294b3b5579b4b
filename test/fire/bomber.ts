/**
 * Requests that ask for much, in an order that a seed says: `node bomber.ts PORT SEED [FROM]`, until SIGTERM, over four connections from
 * an address that is not the API server's. Each is sent when the one before is answered or given up. Writes a line of counts a second.
 */
import { Agent, request } from 'node:https'
import { BOMBS } from '../unit/webhook/bombs/bombs.ts'
import { PODS } from '../unit/webhook/bombs/pods.ts'

const [port, seed = '1', localAddress = '127.0.0.2'] = process.argv.slice(2)
const CONNECTIONS = 4
const bodies = Object.values({ ...BOMBS, ...PODS }).map((make) => Buffer.from(make()))
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, rejectUnauthorized: false, localAddress })
const counts = { answered: 0, lost: 0 }

/** @returns whether there was an answer, of any status */
function send(body: Buffer): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const asking = request(
    { host: '127.0.0.1', port, path: '/mutate', method: 'POST', agent, timeout: 5_000 },
    (response) => {
      response.resume()
      response.on('close', () => resolve(true))
    },
  )
  asking.on('timeout', () => asking.destroy())
  asking.on('error', () => resolve(false))
  asking.end(body)
  return promise
}

/** Numerical Recipes' linear congruence: good enough to mix, and the same for each seed. */
let state = Number(seed)
const next = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}

async function keepSending(): Promise<never> {
  for (;;) {
    const answered = await send(bodies[Math.floor(next() * bodies.length)]!)
    answered ? counts.answered++ : counts.lost++
  }
}

for (let n = 0; n < CONNECTIONS; n++) void keepSending()
setInterval(() => process.stdout.write(`${JSON.stringify(counts)}\n`), 1_000)
