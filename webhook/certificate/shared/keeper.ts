/** Self-signed certificates for several replicas: one Secret, advanced under a Lease, published, then served. */
import type { KubeApi } from '../../kube/client.ts'
import { type CertificateEvents, checkPair, type KeyPair, type ServingCertificate } from '../tls.ts'
import { advance } from './advance.ts'
import { acquireLease, orMissing, unlessConflict } from './lease.ts'
import { publishBundle } from './publish.ts'
import { type CertificateState, nextStep, readState } from './state.ts'

export interface SharedSettings {
  readonly namespace: string
  /** Of the Secret, and of the Lease. */
  readonly name: string
  readonly dnsNames: readonly string[]
  /** This replica. */
  readonly holder: string
  /** Time between two looks at the Secret. A renewal has a month. */
  readonly checkSeconds: number
}

interface Secret {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion?: string }
  readonly data?: Readonly<Record<string, string>>
}

/** A first start waits for it. */
const FIRST_LOOK_MS = 500
const FIRST_LOOKS = 120

/** @throws Error when there is no certificate after a minute */
export async function sharedCertificate(
  api: KubeApi,
  settings: SharedSettings,
  events: CertificateEvents,
): Promise<ServingCertificate> {
  const first = await firstPair(api, settings)
  let current = first
  let closed = false
  let timer = later()
  const look = async () => {
    try {
      const pair = await keep(api, settings, Date.now())
      if (pair !== undefined && pair.cert !== current.cert) {
        current = pair
        events.changed(pair)
      }
    } catch (error) {
      events.rejected(error as Error)
    }
    if (!closed) timer = later()
  }
  return {
    first,
    close: () => {
      closed = true
      clearTimeout(timer)
    },
  }

  /** After the last look, not at a fixed rate: an API server that answers late must not be asked twice at once. */
  function later(): NodeJS.Timeout {
    return setTimeout(() => void look(), Math.max(1, settings.checkSeconds) * 1000).unref()
  }
}

async function firstPair(api: KubeApi, settings: SharedSettings): Promise<KeyPair> {
  let last: unknown = new Error('another replica holds the Lease')
  for (let looks = 0; looks < FIRST_LOOKS; looks++) {
    try {
      const pair = await keep(api, settings, Date.now())
      if (pair !== undefined) return pair
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, FIRST_LOOK_MS))
  }
  throw new Error(`no certificate from Secret \`${settings.namespace}/${settings.name}\`: ${(last as Error).message}`)
}

/**
 * Reads the Secret, takes at most one step, publishes and returns what is to be served; undefined while another replica is
 * at it. Publishing comes first, so that nothing is served that nobody trusts yet.
 */
export async function keep(api: KubeApi, settings: SharedSettings, now: number): Promise<KeyPair | undefined> {
  const secrets = `/api/v1/namespaces/${settings.namespace}/secrets`
  const found = await orMissing(api.call<Secret>('GET', `${secrets}/${settings.name}`))
  const state = readState(found?.data)
  const step = nextStep(state, now)
  const taken = step === 'none' ? state : await take()
  if (taken === undefined) return undefined
  await publishBundle(api, taken['ca.crt'])
  return checkPair(taken['tls.crt'], taken['tls.key'], new Date(now))

  /** The state after the step; the one before it where another replica makes it. */
  async function take(): Promise<CertificateState | undefined> {
    if (step === 'none') return state
    const { namespace, name, holder, dnsNames } = settings
    if (!(await acquireLease(api, namespace, name, holder, now))) return state
    const next = await advance(step, state, dnsNames, now)
    const secret = secretOf(found?.metadata ?? { name, namespace }, next)
    const write =
      found === undefined ? api.call('POST', secrets, secret) : api.call('PUT', `${secrets}/${name}`, secret)
    return (await unlessConflict(write)) ? next : state
  }
}

function secretOf(metadata: Secret['metadata'], state: CertificateState) {
  const data = Object.entries(state).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  return { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata, data: Object.fromEntries(data) }
}
