/** The certificates all replicas share, as the Secret holds them, and what they need next. Pure. */
import { X509Certificate } from 'node:crypto'

/** PEM throughout. The keys are the Secret's keys. */
export interface CertificateState {
  /** Authorities to be trusted, newest first: what is published as `caBundle`. */
  readonly 'ca.crt': string
  /** The authority that signs, and its key. */
  readonly 'signer.crt': string
  readonly 'signer.key': string
  /** What is served. */
  readonly 'tls.crt': string
  readonly 'tls.key': string
  /** The authority that will sign, trusted already; and since when, ISO 8601. */
  readonly 'next.crt'?: string
  readonly 'next.key'?: string
  readonly 'next.since'?: string
}

const REQUIRED = ['ca.crt', 'signer.crt', 'signer.key', 'tls.crt', 'tls.key'] as const
const OPTIONAL = ['next.crt', 'next.key', 'next.since'] as const

export type Step = 'none' | 'create' | 'renew-leaf' | 'prepare-authority' | 'switch-authority'

/** Every API server has to hear of a new authority before anything it signed is served: a watch takes seconds. */
const HEARD_AFTER = 5 * 60 * 1000

/** @param state undefined when there is none, or it cannot be used */
export function nextStep(state: CertificateState | undefined, now: number): Step {
  if (state === undefined) return 'create'
  // After a long sleep: nobody trusts what is there, so that there is no authority to be careful about, or only a new leaf to make.
  if (hasExpired(state['tls.crt'], now)) return hasExpired(state['signer.crt'], now) ? 'create' : 'renew-leaf'
  if (state['next.since'] !== undefined) {
    return now - Date.parse(state['next.since']) >= HEARD_AFTER ? 'switch-authority' : 'none'
  }
  if (isInLastThird(state['signer.crt'], now)) return 'prepare-authority'
  return isInLastThird(state['tls.crt'], now) ? 'renew-leaf' : 'none'
}

const hasExpired = (pem: string, now: number): boolean => now >= Date.parse(new X509Certificate(pem).validTo)

function isInLastThird(pem: string, now: number): boolean {
  const { validFrom, validTo } = new X509Certificate(pem)
  const end = Date.parse(validTo)
  return now >= end - (end - Date.parse(validFrom)) / 3
}

/** Authorities that have not expired, the given one first. */
export function bundleOf(first: string, others: string, now: number): string {
  const certificates = [first, ...splitPem(others)].map((pem) => `${pem.trim()}\n`)
  return [...new Set(certificates)].filter((pem) => Date.parse(new X509Certificate(pem).validTo) > now).join('')
}

export const splitPem = (text: string): string[] =>
  text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []

/** What stands in a Secret, or undefined where something is missing or no certificate. */
export function readState(data: Readonly<Record<string, string>> | undefined): CertificateState | undefined {
  const keys = [...REQUIRED, ...OPTIONAL].filter((key) => data?.[key] !== undefined)
  const state = Object.fromEntries(keys.map((key) => [key, Buffer.from(data![key]!, 'base64').toString('utf8')]))
  if (REQUIRED.some((key) => state[key] === undefined)) return undefined
  try {
    for (const key of ['signer.crt', 'tls.crt']) new X509Certificate(state[key]!)
    return state as unknown as CertificateState
  } catch {
    return undefined
  }
}
