/** The webhook's server on a port of its own while a file's tests run, without TLS, and its counts. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before } from 'node:test'
import type { Limits } from '../../../../webhook/budget/limits.ts'
import { createMetrics } from '../../../../webhook/server/metrics.ts'
import { buildServer } from '../../../../webhook/server/server.ts'
import { CLUSTER, NONCE, SETTINGS } from '../fixtures.ts'

export interface OpenServer {
  port(): number
  /** Of the metric's sample with that label; NaN where there is none yet. */
  counted(metric: string, label: string): Promise<number>
}

export function openServer(limits: { readonly limits?: Limits } = {}): OpenServer {
  const metrics = createMetrics()
  const { app, door } = buildServer({
    ...limits,
    settings: SETTINGS,
    metrics,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    nonce: () => NONCE,
    cluster: CLUSTER,
    ready: () => true,
  })
  before(async () => {
    await app.ready()
    await once(door.server.listen(0, '127.0.0.1'), 'listening')
  })
  after(async () => {
    door.close(0)
    await door.gone
    await app.close()
  })
  return {
    port: () => (door.server.address() as AddressInfo).port,
    counted: async (metric, label) => {
      const found = await metrics.registry.getSingleMetric(metric)?.get()
      return found?.values.find(({ labels }) => Object.values(labels).includes(label))?.value ?? Number.NaN
    },
  }
}
