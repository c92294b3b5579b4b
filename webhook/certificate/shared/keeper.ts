/** Self-signed certificates for several replicas: one Secret, advanced under a Lease, published, then served. */
import { backOff } from '../../kube/back-off.ts'
import type { KubeApi } from '../../kube/client.ts'
import type { CertificateEvents, ServingCertificate } from '../tls.ts'
import { type Kept, keep, newMemory, type SharedSettings } from './keep.ts'

/**
 * Milliseconds between the publication of an authority and serving by it, while there is another certificate to serve: API servers
 * hear of a changed configuration over a watch, within a second when they are idle.
 */
const HEARD = 5_000
/** A first start waits this long at most between two looks: a person may be waiting for it. */
const LONGEST_FIRST_PAUSE = 5_000

/**
 * Waits for as long as it takes, and says so, where there is no certificate yet.
 * @param clock Unix time in ms
 */
export async function sharedCertificate(
  api: KubeApi,
  settings: SharedSettings,
  events: CertificateEvents,
  clock: () => number = Date.now,
): Promise<ServingCertificate> {
  const memory = newMemory()
  const first = await firstPair()
  let current = first
  let closed = false
  let looking: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  later()
  return {
    first: first.pair,
    recheck: () => void look(),
    close: () => {
      closed = true
      clearTimeout(timer)
    },
  }

  /** One at a time: an API server that answers late must not be asked twice at once. */
  function look(): Promise<void> {
    clearTimeout(timer)
    looking ??= once().finally(() => {
      looking = undefined
    })
    return looking
  }

  async function once(): Promise<void> {
    let pause = Math.max(1, settings.checkSeconds) * 1000
    try {
      const kept = await keep(api, settings, clock(), memory)
      events.clock?.(api.clockOffset() ?? 0)
      if (kept?.held) events.rejected(new Error(kept.held))
      if (kept !== undefined) pause = Math.min(pause, take(kept))
    } catch (error) {
      events.rejected(error as Error)
    }
    later(pause)
  }

  /** @returns ms until the pair may be served, which is when to look again; endless when it is */
  function take(kept: Kept): number {
    if (kept.pair.cert === current.pair.cert) return Number.POSITIVE_INFINITY
    const left = (memory.published.get(kept.issuer) ?? 0) + HEARD - clock()
    // A clock that was set back makes it look later than it is; it is never waited longer than this.
    if (left > 0 && left <= HEARD) return left
    current = kept
    events.changed(kept.pair)
    return Number.POSITIVE_INFINITY
  }

  function later(pause = Math.max(1, settings.checkSeconds) * 1000): void {
    if (!closed) timer = setTimeout(() => void look(), pause).unref()
  }

  async function firstPair(): Promise<Kept> {
    const pauses = backOff()
    for (;;) {
      let failure: unknown = new Error('another replica holds the Lease')
      try {
        const kept = await keep(api, settings, clock(), memory)
        if (kept !== undefined) return kept
      } catch (error) {
        failure = error
      }
      events.waiting?.(failure as Error)
      const pause = Math.min(pauses.pause(failure), LONGEST_FIRST_PAUSE)
      await new Promise((resolve) => setTimeout(resolve, pause).unref())
    }
  }
}
