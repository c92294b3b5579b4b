/** The certificates all replicas share, as the Secret holds them, and their next step. Pure. */
import { X509Certificate } from 'node:crypto'
import { isSoundBundle, isSoundLeaf, isSoundSigner } from './sound.ts'

/** PEM throughout. The keys are the Secret's keys. Any of them may be garbage, or empty where the Secret has none. */
export interface CertificateState {
  /** Authorities to be trusted, newest first, published as `caBundle`. */
  readonly 'ca.crt': string
  /** The authority that signs, and its key. */
  readonly 'signer.crt': string
  readonly 'signer.key': string
  /** The served certificate. */
  readonly 'tls.crt': string
  readonly 'tls.key': string
  /** The authority that will sign, trusted already; and since when, ISO 8601. */
  readonly 'next.crt'?: string
  readonly 'next.key'?: string
  readonly 'next.since'?: string
}

const REQUIRED = ['ca.crt', 'signer.crt', 'signer.key', 'tls.crt', 'tls.key'] as const
const OPTIONAL = ['next.crt', 'next.key', 'next.since'] as const

export type Step = 'none' | 'create' | 'renew-leaf' | 'prepare-authority' | 'switch-authority' | 'mend-bundle'

/** Every API server has to hear of a new authority before anything it signed is served: a watch takes seconds. */
const HEARD_AFTER = 5 * 60 * 1000
/** How far ahead the clock of the replica that wrote `next.since` may have been. */
const CLOCKS_DIFFER = 60_000

/**
 * A certificate that can still be served is kept, and exchanged by preparing, waiting and switching; only a useless
 * one is replaced at once.
 * @param state undefined when there is none
 * @param now Unix time, ms
 */
export function nextStep(state: CertificateState | undefined, now: number): Step {
  if (state === undefined) return 'create'
  const canSign = isSoundSigner(state['signer.crt'], state['signer.key'], now)
  const next = nextAuthority(state, now)
  if (!isSoundLeaf(state, now)) {
    if (canSign) return 'renew-leaf'
    return next === 'sound' ? 'switch-authority' : 'create'
  }
  if (next === 'broken' || (next === 'none' && !canSign)) return 'prepare-authority'
  if (!isSoundBundle(state, now)) return 'mend-bundle'
  if (next === 'sound') return now - Date.parse(state['next.since']!) >= HEARD_AFTER ? 'switch-authority' : 'none'
  if (isInLastThird(state['signer.crt'], now)) return 'prepare-authority'
  return isInLastThird(state['tls.crt'], now) ? 'renew-leaf' : 'none'
}

/** Nothing of it is missing, garbage, or at the wrong time. */
export function isSound(state: CertificateState | undefined, now: number): state is CertificateState {
  if (state === undefined || !isSoundLeaf(state, now) || !isSoundBundle(state, now)) return false
  return isSoundSigner(state['signer.crt'], state['signer.key'], now) && nextAuthority(state, now) !== 'broken'
}

function nextAuthority(state: CertificateState, now: number): 'none' | 'sound' | 'broken' {
  const { 'next.crt': cert, 'next.key': key, 'next.since': since } = state
  if (cert === undefined && key === undefined && since === undefined) return 'none'
  const began = Date.parse(since ?? '')
  const isDated = began <= now + CLOCKS_DIFFER
  return isDated && isSoundSigner(cert ?? '', key ?? '', now) ? 'sound' : 'broken'
}

function isInLastThird(pem: string, now: number): boolean {
  const { validFrom, validTo } = new X509Certificate(pem)
  const end = Date.parse(validTo)
  return now >= end - (end - Date.parse(validFrom)) / 3
}

/** A Secret's content, sound or not; undefined where nothing of it is there. */
export function readState(data: Readonly<Record<string, string>> | undefined): CertificateState | undefined {
  const text = (key: string): string => Buffer.from(data?.[key] ?? '', 'base64').toString('utf8')
  if (!REQUIRED.some((key) => data?.[key])) return undefined
  const required = REQUIRED.map((key) => [key, text(key)])
  const optional = OPTIONAL.filter((key) => data?.[key] !== undefined).map((key) => [key, text(key)])
  return Object.fromEntries([...required, ...optional]) as unknown as CertificateState
}
