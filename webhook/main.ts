/** Starts the webhook: settings, certificate, servers; and stops it without losing a request. */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import type { Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { ConfigError } from '../agent/policy/problems.ts'
import { helpText, loadSettings, type Settings } from './config.ts'
import { addProcessMetrics, createMetrics, type Metrics } from './metrics.ts'
import { buildMetricsServer, buildServer, type Log } from './server.ts'
import { agentSettings } from './settings.ts'
import {
  type CertificateEvents,
  certificateFromFiles,
  type KeyPair,
  type ServingCertificate,
  selfSignedCertificate,
} from './tls.ts'

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
  let take: (pair: KeyPair) => void = () => {}
  const certificate = await openCertificate(
    settings,
    certificateEvents(metrics, log, (pair) => take(pair)),
  )
  metrics.certificate(certificate.first.notAfter)
  let draining = false
  const app = buildServer({
    settings: { agent: agentSettings(settings) },
    metrics,
    log,
    nonce: () => randomBytes(16).toString('hex'),
    cluster: {
      defaultMode: () => settings.defaultMode,
      podSecurity: () => undefined,
      nativeSidecars: () => true,
      appArmorField: () => true,
    },
    ready: () => !draining,
    tls: certificate.first,
  })
  // Open connections keep the old certificate, new ones get the new; none is dropped.
  take = (pair) => (app.server as unknown as Server).setSecureContext(pair)
  const metricsApp = buildMetricsServer(metrics)
  const port = await listen(app, settings.host, settings.port)
  const metricsPort = await listen(metricsApp, settings.host, settings.metricsPort)
  const stop = async () => {
    draining = true
    await new Promise((resolve) => setTimeout(resolve, settings.drainSeconds * 1000))
    certificate.close()
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

function openCertificate(settings: Settings, events: CertificateEvents): Promise<ServingCertificate> {
  if (settings.certFile !== '') return certificateFromFiles(settings.certFile, settings.keyFile, events)
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

async function publishCa({ caOut }: Settings, ca: string | undefined): Promise<void> {
  if (ca === undefined || caOut === '') return
  if (caOut === '-') process.stdout.write(ca)
  else await writeFile(caOut, ca)
}

async function main(): Promise<void> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    process.stdout.write(helpText())
    return
  }
  const settings = loadSettings(process.argv.slice(2), process.env)
  // The CA may go to standard output; the log keeps out of its way then.
  const log = pino({ level: settings.logLevel }, pino.destination(settings.caOut === '-' ? 2 : 1))
  const webhook = await startWebhook(settings, log)
  stopOnSignal(webhook, settings, log)
  await publishCa(settings, webhook.ca)
  log.info(
    { port: webhook.port, metricsPort: webhook.metricsPort, selfSigned: webhook.ca !== undefined },
    'webhook ready',
  )
}

/** Before readiness is announced, so that whoever reacts to it may already stop us. */
function stopOnSignal(webhook: Webhook, { drainSeconds }: Settings, log: Log): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, async () => {
      log.info({ signal, drainSeconds }, 'draining')
      await webhook.close()
      log.info({}, 'stopped')
    })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    process.stderr.write(`kernelseal-webhook: ${error instanceof Error ? error.message : String(error)}\n`)
    // 2 for a setting someone has to correct, 1 for everything else.
    process.exit(error instanceof ConfigError ? 2 : 1)
  })
}
