/** In the VM: prints the agent's /metrics page every two seconds until it is ended; see metrics-page.ts. */
import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { DEFAULT_METRICS_PORT } from '../../agent/policy/sidecar.ts'
import { lineOf } from './metrics-page.ts'

const EVERY_MS = 2_000
const PATIENCE_MS = 10_000

for (;;) {
  await record()
  await sleep(EVERY_MS)
}

/** An emulated machine may be late with an answer: the next page has the same counters. */
async function record(): Promise<void> {
  try {
    process.stderr.write(lineOf(await page()))
  } catch (error) {
    process.stderr.write(`the agent's /metrics cannot be read: ${(error as Error).message}\n`)
  }
}

/** The Pods of the demo have the machine's network. */
function page(): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(`http://127.0.0.1:${DEFAULT_METRICS_PORT}/metrics`, (answer) => {
      if (answer.statusCode === 200) resolve(text(answer))
      else reject(new Error(`status ${answer.statusCode}`))
    })
    request.on('error', reject)
    request.setTimeout(PATIENCE_MS, () => request.destroy(new Error('no answer')))
  })
}
