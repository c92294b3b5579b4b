/** Starts the webhook: certificate, cluster, servers; and stops it without losing a request. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import type { FastifyInstance } from 'fastify'
import { startSelfProbe } from './certificate/self-probe.ts'
import { sharedCertificate } from './certificate/shared/keeper.ts'
import {
  type CertificateEvents,
  certificateFromFiles,
  type KeyPair,
  type ServingCertificate,
  selfSignedCertificate,
} from './certificate/tls.ts'
import { connectKube, type KubeApi } from './kube/client.ts'
import { liveCluster, unknownCluster } from './kube/live-cluster.ts'
import { addProcessMetrics, createMetrics, type Metrics } from './server/metrics.ts'
import { buildMetricsServer, buildServer, type Log } from './server/server.ts'
import type { Settings } from './settings/load.ts'
import { agentSettings } from './settings/table.ts'

/** A running webhook. `close` drains and stops it; calling it again waits for the same end. */
export interface Webhook {
  readonly port: number
  readonly metricsPort: number
  /** PEM, when the certificate is of our own making. */
  readonly ca?: string
  close(): Promise<void>
}

export async function startWebhook(settings: Settings, log: Log): Promise<Webhook> {
  const metrics = createMetrics()
  addProcessMetrics(metrics)
  const api = await connectKube(settings)
  const cluster = api === undefined ? unknownCluster(settings) : liveCluster(api, settings, log)
  let take: (pair: KeyPair) => void = () => {}
  const events = certificateEvents(metrics, log, (pair) => take(pair))
  const [certificate] = await Promise.all([openCertificate(settings, api, events), cluster.known])
  metrics.certificate(certificate.first.notAfter)
  const state = { draining: false, trusted: () => true }
  const callers = await callerCheck(settings)
  const app = buildServer({
    settings: { agent: agentSettings(settings) },
    metrics,
    log,
    nonce: () => randomBytes(16).toString('hex'),
    cluster,
    ready: () => !state.draining && state.trusted(),
    tls: { ...certificate.first, ...callers },
    ...(settings.clientCaFile === '' ? {} : { callers: settings.clientNames }),
  })
  // Open connections keep the old certificate, new ones get the new; none is dropped. All of it is set anew, the callers' CA too.
  take = (pair) => (app.server as unknown as Server).setSecureContext({ ...pair, ...callers })
  const metricsApp = buildMetricsServer(metrics)
  const port = await listen(app, settings.host, settings.port)
  const metricsPort = await listen(metricsApp, settings.host, settings.metricsPort)
  const probe = startProbe(settings, api, port, { log, metrics })
  state.trusted = probe?.trusted ?? state.trusted
  const stop = async () => {
    state.draining = true
    await new Promise((resolve) => setTimeout(resolve, settings.drainSeconds * 1000))
    probe?.close()
    certificate.close()
    cluster.close()
    await app.close()
    await metricsApp.close()
  }
  let stopped: Promise<void> | undefined
  return {
    port,
    metricsPort,
    ...(certificate.ca === undefined ? {} : { ca: certificate.ca }),
    close: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

/**
 * Asked for and not insisted on: the kubelet's probes come without a certificate, and only the paths of the API server
 * check it.
 */
async function callerCheck({ clientCaFile }: Settings) {
  if (clientCaFile === '') return {}
  return { requestCert: true, rejectUnauthorized: false, ca: await readFile(clientCaFile, 'utf8') }
}

/** A certificate in memory is published by whoever reads `caOut`, and not by then. */
function startProbe(
  settings: Settings,
  api: KubeApi | undefined,
  port: number,
  seen: { readonly log: Log; readonly metrics: Metrics },
) {
  const published = settings.certFile !== '' || settings.certSecret !== ''
  const [name] = settings.dnsNames
  return api === undefined || !published || name === undefined ? undefined : startSelfProbe(api, port, name, seen)
}

/** @returns the port listened on, which the system chose when 0 was asked for */
async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    // A kernel without IPv6 has no `::`; every IPv4 address is then every address.
    if (host !== '::' || (error as NodeJS.ErrnoException).code !== 'EAFNOSUPPORT') throw error
    await app.listen({ host: '0.0.0.0', port })
  }
  return (app.server.address() as AddressInfo).port
}

function openCertificate(
  settings: Settings,
  api: KubeApi | undefined,
  events: CertificateEvents,
): Promise<ServingCertificate> {
  const { certFile, keyFile, certSecret: name, certCheckSeconds: checkSeconds, namespace, dnsNames } = settings
  if (certFile !== '') return certificateFromFiles(certFile, keyFile, events)
  if (name !== '') {
    if (api === undefined) throw new Error('`--cert-secret` needs an API server: run in a Pod, or give `--api-server`')
    return sharedCertificate(api, { namespace, name, dnsNames, checkSeconds, holder: hostname() }, events)
  }
  return selfSignedCertificate(settings.dnsNames, events)
}

function certificateEvents(metrics: Metrics, log: Log, take: (pair: KeyPair) => void): CertificateEvents {
  return {
    changed: (pair) => {
      take(pair)
      metrics.certificate(pair.notAfter)
      metrics.certificateReload(true)
      log.info({ notAfter: pair.notAfter }, 'new certificate in use')
    },
    rejected: (err) => {
      metrics.certificateReload(false)
      log.error({ err }, 'new certificate refused, the old one stays in use')
    },
  }
}
