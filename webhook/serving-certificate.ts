/** The serving certificate's origin, as the settings say, and the log lines about it. */
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAuthority } from './certificate/self-signed.ts'
import { sharedCertificate } from './certificate/shared/keeper.ts'
import {
  type CertificateEvents,
  certificateFromFiles,
  type KeyPair,
  type ServingCertificate,
  selfSignedCertificate,
} from './certificate/tls.ts'
import type { KubeApi } from './kube/client.ts'
import type { Log } from './server/log.ts'
import type { Metrics } from './server/metrics.ts'
import type { Settings } from './settings/load.ts'

/** Throws errors that waiting cannot mend; the shared certificate waits for its API server instead. */
export async function openCertificate(
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

/** A certificate that is there in time is served from the start: most are, and a stand-in costs half a second. */
export const STOP_GAP_AFTER = 2_000

/** @returns undefined when it takes longer than `ms` @throws its error within that time */
export async function within<Found>(ms: number, opening: Promise<Found>): Promise<Found | undefined> {
  const over = new AbortController()
  const late = sleep(ms, undefined, { signal: over.signal }).catch(() => undefined)
  try {
    return await Promise.race([opening, late])
  } finally {
    over.abort()
  }
}

/**
 * For probes, which verify nothing (kubelet, httpGet), while there is no certificate: a kubelet that finds nothing to connect to ends
 * the container, and each time waits longer before it starts it again. No API server trusts it.
 */
export async function stopGap(names: readonly string[]): Promise<Pick<KeyPair, 'cert' | 'key'>> {
  return (await createAuthority(names)).issue()
}

/** Between two lines about the same failure. */
const SAID_AGAIN_AFTER = 60_000
/** Of the API server's clock and this one. */
const WORTH_SAYING = 60_000

/** @param take serves a pair from now on */
export function certificateEvents(metrics: Metrics, log: Log, take: (pair: KeyPair) => void): CertificateEvents {
  const seldom = says()
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
    waiting: (err) => {
      if (seldom(err.message)) log.warn({ err }, 'not ready: there is no certificate yet, asking again')
    },
    clock: (offset) => {
      metrics.clockOffset(offset / 1000)
      if (Math.abs(offset) > WORTH_SAYING && seldom('clock')) {
        log.error(
          { seconds: Math.round(offset / 1000) },
          "this clock differs from the API server's: mend it, no certificate is renewed until then",
        )
      }
    },
  }
}

function says(): (what: string) => boolean {
  const last = { what: '', at: Number.NEGATIVE_INFINITY }
  return (what) => {
    const now = performance.now()
    if (last.what === what && now - last.at < SAID_AGAIN_AFTER) return false
    Object.assign(last, { what, at: now })
    return true
  }
}
