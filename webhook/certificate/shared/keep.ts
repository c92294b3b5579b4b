/** One look at the shared Secret: at most one step, then publishing, then the pair to serve. */
import type { KubeApi } from '../../kube/client.ts'
import { checkPair, type KeyPair } from '../tls.ts'
import { advance } from './advance.ts'
import { judge } from './clocks.ts'
import { acquireLease, orMissing, releaseLease, type SeenLease, unlessConflict } from './lease.ts'
import { publishBundle, publishedAuthorities, readConfigurations } from './publish.ts'
import { bundleOf, includes, isSoundBundle, isSoundLeaf, issuerOf, splitPem } from './sound.ts'
import { type CertificateState, isSound, readState, type Step } from './state.ts'

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

/** A replica's memory from one look to the next. */
export interface Memory {
  readonly lease: SeenLease
  /** The last state that was sound: a Secret that was deleted or spoiled is written from it again. */
  sound?: CertificateState
  /** Since when each authority has been published, PEM → Unix time in ms by this replica's clock. */
  published: ReadonlyMap<string, number>
}

export const newMemory = (): Memory => ({ lease: {}, published: new Map() })

export interface Kept {
  readonly pair: KeyPair
  /** PEM of the authority that signed it. */
  readonly issuer: string
  /** A step that was not done, and the reason. */
  readonly held?: string
}

interface Secret {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion?: string }
  readonly data?: Readonly<Record<string, string>>
}

/**
 * Publishing comes before serving, so that no certificate is served before it is trusted.
 * @param own Unix time in ms by this replica's clock
 * @returns undefined while another replica is at it
 * @throws ApiError; Error where the clocks differ and there is nothing to serve
 */
export async function keep(
  api: KubeApi,
  settings: SharedSettings,
  own: number,
  memory: Memory,
): Promise<Kept | undefined> {
  const found = await orMissing(api.call<Secret>('GET', `${secretsOf(settings)}/${settings.name}`))
  const configurations = await readConfigurations(api)
  const state = readState(found?.data)
  const { step, now, held } = judge(state, own, api.clockOffset())
  const trusted = publishedAuthorities(configurations, now)
  const work = workFor(state, step, memory.sound, trusted, now)
  const taken = work === 'none' || (held && work !== 'restore') ? state : await make()
  if (taken === undefined && held) throw new Error(held)
  if (taken === undefined || !isSoundLeaf(taken, now) || !isSoundBundle(taken, now)) return undefined
  // Another replica is restoring the missing parts; publishing before that would have API servers distrust the served
  // certificate.
  if (!held && isForgotten(taken, trusted)) return undefined
  await publishBundle(api, configurations, taken['ca.crt'])
  remember(memory, taken, own, now)
  const pair = checkPair(taken['tls.crt'], taken['tls.key'], new Date(now))
  return { pair, issuer: issuerOf(taken, now) ?? '', ...(held === undefined ? {} : { held }) }

  /** The state after the work; the one before it where another replica does it, or was faster. */
  async function make(): Promise<CertificateState | undefined> {
    const lease = { namespace: settings.namespace, name: settings.name, holder: settings.holder }
    if (!(await acquireLease(api, lease, memory.lease, own))) return state
    const next = await done(work as Work, state, memory.sound, settings.dnsNames, trusted, now)
    const isWritten = await unlessConflict(store(api, settings, found, next))
    await releaseLease(api, lease, own)
    return isWritten ? next : state
  }
}

type Work = Exclude<Step, 'none'> | 'restore'

/**
 * A state that is not sound goes back to the last one that was; a sound one has its step made, and keeps the trusted
 * authorities.
 */
function workFor(
  state: CertificateState | undefined,
  step: Step,
  before: CertificateState | undefined,
  trusted: string,
  now: number,
): Work | 'none' {
  if (!isSound(state, now) && isSound(before, now)) return 'restore'
  if (step === 'none' && state !== undefined && isForgotten(state, trusted)) return 'mend-bundle'
  return step
}

function done(
  work: Work,
  state: CertificateState | undefined,
  before: CertificateState | undefined,
  names: readonly string[],
  trusted: string,
  now: number,
): Promise<CertificateState> | CertificateState {
  if (work !== 'restore' || before === undefined)
    return advance(work as Exclude<Step, 'none'>, state, names, now, trusted)
  return { ...before, 'ca.crt': bundleOf('', `${before['ca.crt']}\n${trusted}`, now) }
}

/** An authority of ours that API servers trust, and by which a replica may be serving, is not in the bundle. */
function isForgotten(state: CertificateState, trusted: string): boolean {
  const bundle = splitPem(state['ca.crt'])
  return splitPem(trusted).some((pem) => !includes(bundle, pem))
}

function remember(memory: Memory, taken: CertificateState, own: number, now: number): void {
  const since = splitPem(taken['ca.crt']).map((pem) => [pem, memory.published.get(pem) ?? own] as const)
  memory.published = new Map(since)
  if (isSound(taken, now)) memory.sound = taken
}

const secretsOf = ({ namespace }: SharedSettings): string => `/api/v1/namespaces/${namespace}/secrets`

function store(api: KubeApi, settings: SharedSettings, found: Secret | undefined, state: CertificateState) {
  const { namespace, name } = settings
  const entries = Object.entries(state).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  const metadata = found?.metadata ?? { name, namespace }
  const secret = { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata, data: Object.fromEntries(entries) }
  const path = secretsOf(settings)
  return found === undefined ? api.call('POST', path, secret) : api.call('PUT', `${path}/${name}`, secret)
}
