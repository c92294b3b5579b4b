/** Starts the webhook: certificate, cluster, servers; and stops it without losing a request. */
import { randomUUID } from 'node:crypto'
import type { Server as TlsServer } from 'node:https'
import { limitsFor, memoryLimit } from './budget/limits.ts'
import { startSelfProbe } from './certificate/self-probe.ts'
import { settingFile } from './certificate/setting-file.ts'
import type { KeyPair, ServingCertificate } from './certificate/tls.ts'
import { connectKube, type KubeApi } from './kube/client.ts'
import { liveCluster, unknownCluster } from './kube/live-cluster.ts'
import { anyAddress, listenAt } from './listen.ts'
import type { Log } from './server/log.ts'
import { addProcessMetrics, createMetrics, type Metrics } from './server/metrics.ts'
import { buildServer, openMetricsPort } from './server/server.ts'
import { certificateEvents, openCertificate, STOP_GAP_AFTER, stopGap, within } from './serving-certificate.ts'
import type { Settings } from './settings/load.ts'
import { agentSettings } from './settings/table.ts'
import { VERSION } from './version.ts'

/** A running webhook. `close` drains and stops it; calling it again waits for the same end. */
export interface Webhook {
  readonly port: number
  readonly metricsPort: number
  /** PEM, when the certificate is of our own making; there once it is `ready`. */
  readonly ca: string | undefined
  /** Once there is a certificate and the facts of the cluster; until then probes are answered, and not ready. */
  readonly ready: Promise<void>
  close(): Promise<void>
}

/** The surroundings of a start outside of tests, beside its settings. */
export interface Surroundings {
  /** Log lines lost so far. */
  readonly lostLines?: () => number
}

/** Requests in progress when the webhook closes have this long; API servers wait no longer. */
const LAST_REQUESTS_MS = 5_000

interface State {
  draining: boolean
  waiting: boolean
  trusted: () => boolean
}

export async function startWebhook(settings: Settings, log: Log, around: Surroundings = {}): Promise<Webhook> {
  const metrics = createMetrics(around.lostLines)
  addProcessMetrics(metrics, VERSION)
  const api = await connectKube(settings)
  const cluster = api === undefined ? unknownCluster(settings) : liveCluster(api, settings, log)
  let take: (pair: KeyPair) => void = () => {}
  const opening = openCertificate(
    settings,
    api,
    certificateEvents(metrics, log, (pair) => take(pair)),
  )
  const opened = await within(STOP_GAP_AFTER, opening)
  const first = opened?.first ?? (await stopGap(settings.dnsNames))
  const tls = { ...(await callerCheck(settings)), maxVersion: `TLSv${settings.tlsMaxVersion}` } as const
  const state: State = { draining: false, waiting: true, trusted: () => true }
  const { app, door } = buildServer({
    limits: limitsFor(memoryLimit()),
    settings: { agent: agentSettings(settings) },
    metrics,
    log,
    // 122 random bits, which Node draws for many at a time; bytes for one Pod alone take as long as reading its annotations.
    nonce: () => randomUUID().replaceAll('-', ''),
    cluster,
    ready: () => !state.draining && !state.waiting && state.trusted(),
    tls: { ...first, ...tls },
    ...(settings.clientCaFile === '' ? {} : { callers: settings.clientNames }),
  })
  // Open connections keep the old certificate, new ones get the new; none is dropped. All of it is set anew, the callers' CA too.
  take = (pair) => (app.server as unknown as TlsServer).setSecureContext({ ...pair, ...tls })
  await app.ready()
  const port = await listenAt(door, settings.host, settings.port)
  const metricsServer = await anyAddress(settings.host, (host) => openMetricsPort(host, settings.metricsPort, metrics))
  const ending: (() => void)[] = [() => cluster.close()]
  let ca = opened?.ca
  const ready = becomeReady()
  const stop = async () => {
    state.draining = true
    await new Promise((resolve) => setTimeout(resolve, settings.drainSeconds * 1000))
    for (const end of ending) end()
    door.close(LAST_REQUESTS_MS)
    await door.gone
    metricsServer.close()
    await app.close()
  }
  let stopped: Promise<void> | undefined
  return {
    port,
    metricsPort: metricsServer.port,
    get ca() {
      return ca
    },
    ready,
    close: () => {
      stopped ??= stop()
      return stopped
    },
  }

  async function becomeReady(): Promise<void> {
    const [certificate] = await Promise.all([opening, cluster.known])
    ca = certificate.ca
    if (opened === undefined) take(certificate.first)
    metrics.certificate(certificate.first.notAfter)
    state.waiting = false
    const probe = state.draining ? undefined : startProbe(settings, api, port, { log, metrics, certificate })
    state.trusted = probe?.trusted ?? state.trusted
    ending.push(certificate.close, () => probe?.close())
  }
}

/**
 * Asked for and not insisted on: the kubelet's probes come without a certificate, and only the paths of the API server
 * check it.
 */
async function callerCheck({ clientCaFile }: Settings) {
  if (clientCaFile === '') return {}
  return { requestCert: true, rejectUnauthorized: false, ca: await settingFile('--client-ca-file', clientCaFile) }
}

interface Probed {
  readonly log: Log
  readonly metrics: Metrics
  readonly certificate: ServingCertificate
}

/** A certificate in memory is published by the reader of `caOut`, and not by then. */
function startProbe(settings: Settings, api: KubeApi | undefined, port: number, probed: Probed) {
  const published = settings.certFile !== '' || settings.certSecret !== ''
  const [name] = settings.dnsNames
  if (api === undefined || !published || name === undefined) return undefined
  const { log, metrics, certificate } = probed
  return startSelfProbe(api, port, name, { log, metrics, untrusted: () => certificate.recheck?.() })
}
