/** A kubelet's readiness probe of a replica, with the figures of deploy/base. */
import { request } from 'node:https'
import type { Running } from '../fire/webhook-process.ts'

/** A node, and neither an API server nor a Pod. */
const KUBELET = '127.0.0.3'
const [PERIOD_MS, TIMEOUT_MS, FAILURES] = [1_000, 2_000, 3]

export interface Readiness {
  readonly isReady: () => boolean
  /** How often it became unready. */
  readonly lapses: () => number
  readonly stop: () => void
}

export function watchReadiness({ port }: Pick<Running, 'port'>): Readiness {
  let [failures, lapses] = [0, 0]
  const timer = setInterval(async () => {
    failures = (await isAnswered(port)) ? 0 : failures + 1
    if (failures === FAILURES) lapses++
  }, PERIOD_MS)
  return { isReady: () => failures < FAILURES, lapses: () => lapses, stop: () => clearInterval(timer) }
}

function isAnswered(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const options = { host: '127.0.0.1', port, path: '/readyz', localAddress: KUBELET, rejectUnauthorized: false }
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const asking = request({ ...options, agent: false, signal }, (response) => {
    response.resume()
    resolve(response.statusCode === 200)
  })
  asking.on('error', () => resolve(false))
  asking.end()
  return promise
}
