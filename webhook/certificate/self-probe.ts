/** Does the API server trust us? Asked the way it asks: over TLS, by the Service's name, with the published caBundle. */
import { once } from 'node:events'
import { connect } from 'node:tls'
import type { KubeApi } from '../kube/client.ts'
import type { Log } from '../server/log.ts'
import type { Metrics } from '../server/metrics.ts'
import { publishedBundles } from './shared/publish.ts'

/** Lives as long as the server. */
export interface SelfProbe {
  /** False once the published caBundle does not fit the served certificate, until it does again. */
  trusted(): boolean
  close(): void
}

/** Two small readings of the configuration a minute would do; an API server refuses every Pod meanwhile. */
const PERIOD = 5_000
/** While no API server trusts us, as after an installation until the caBundle is there. */
const PERIOD_UNTRUSTED = 1_000
const HANDSHAKE_MS = 5_000

export interface ProbeDeps {
  readonly log: Log
  readonly metrics: Pick<Metrics, 'certificateTrusted'>
  /** Called at each look that finds the published caBundle not to fit: the keeper may be able to mend it. */
  readonly untrusted: () => void
}

/** @param name the Service's DNS name, which the API server sends as SNI */
export function startSelfProbe(
  api: KubeApi,
  port: number,
  name: string,
  { log, metrics, untrusted }: ProbeDeps,
): SelfProbe {
  let trusted = true
  let timer: NodeJS.Timeout | undefined
  let closed = false
  const look = async () => {
    const verdict = await probe(api, port, name)
    if (verdict.kind === 'unknown') log.warn({ err: verdict.error }, 'the published caBundle cannot be read')
    else if (trusted !== (verdict.kind === 'trusted')) {
      trusted = verdict.kind === 'trusted'
      if (trusted) log.info({}, 'the published caBundle fits our certificate')
      else
        log.error(
          { why: verdict.kind === 'untrusted' ? verdict.why : '' },
          'API servers cannot trust our certificate: turning unready',
        )
    }
    metrics.certificateTrusted(trusted)
    if (verdict.kind === 'untrusted' || (verdict.kind === 'trusted' && verdict.uneven)) untrusted()
    if (!closed) timer = setTimeout(look, trusted ? PERIOD : PERIOD_UNTRUSTED).unref()
  }
  void look()
  return {
    trusted: () => trusted,
    close: () => {
      closed = true
      clearTimeout(timer)
    },
  }
}

export type Verdict =
  /** `uneven`: entries of ours have different ones, so that not all of them can be right. */
  | { readonly kind: 'trusted'; readonly uneven?: true }
  | { readonly kind: 'untrusted'; readonly why: string }
  | { readonly kind: 'unknown'; readonly error: unknown }

export async function probe(api: KubeApi, port: number, name: string): Promise<Verdict> {
  let bundles: readonly string[]
  try {
    bundles = await publishedBundles(api)
  } catch (error) {
    return { kind: 'unknown', error }
  }
  const [ca = ''] = bundles
  if (ca === '') return { kind: 'untrusted', why: 'no caBundle is published' }
  const socket = connect({ host: 'localhost', port, servername: name, ca })
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(HANDSHAKE_MS) })
    return bundles.every((bundle) => bundle === ca) ? { kind: 'trusted' } : { kind: 'trusted', uneven: true }
  } catch (error) {
    return { kind: 'untrusted', why: (error as Error).message }
  } finally {
    socket.destroy()
  }
}
