/** Checks of the Secret's content. All of it may have been written by a stranger, or by half. Pure. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { CertificateState } from './state.ts'

/** A certificate authority that may sign now, with its key. */
export function isSoundSigner(cert: string, key: string, now: number): boolean {
  const certificate = certificateIn(cert)
  return certificate?.ca === true && isTimeOf(certificate, now) && belongs(certificate, key)
}

/** The served certificate: key, time, and the signature of one of the trusted authorities. */
export function isSoundLeaf(state: CertificateState, now: number): boolean {
  const certificate = certificateIn(state['tls.crt'])
  if (certificate === undefined || !isTimeOf(certificate, now) || !belongs(certificate, state['tls.key'])) return false
  return issuerOf(state, now) !== undefined
}

/** The authority of the served certificate, PEM, from the bundle or the signer; undefined when neither signed it. */
export function issuerOf(state: CertificateState, now: number): string | undefined {
  const leaf = certificateIn(state['tls.crt'])
  if (leaf === undefined) return undefined
  return [...splitPem(state['ca.crt']), state['signer.crt']].find((pem) => {
    const authority = certificateIn(pem)
    return authority !== undefined && isTimeOf(authority, now) && signed(authority, leaf)
  })
}

/** Nothing but certificates, and among them the authorities of the present and the next served certificate. */
export function isSoundBundle(state: CertificateState, now: number): boolean {
  const text = state['ca.crt']
  const found = splitPem(text)
  const rest = found.reduce((left, pem) => left.replace(pem, ''), text)
  if (rest.trim() !== '' || found.some((pem) => certificateIn(pem) === undefined)) return false
  const needed = [issuerOf(state, now), state['signer.crt'], state['next.crt']]
  return needed.every((pem) => pem === undefined || certificateIn(pem) === undefined || includes(found, pem))
}

export function includes(bundle: readonly string[], pem: string): boolean {
  return bundle.some((one) => one.trim() === pem.trim())
}

/** Authorities that have not expired, the given one first. Text that is no certificate is left out. */
export function bundleOf(first: string, others: string, now: number): string {
  const certificates = [first, ...splitPem(others)].map((pem) => `${pem.trim()}\n`)
  const isLiving = (pem: string): boolean => {
    const certificate = certificateIn(pem)
    return certificate !== undefined && Date.parse(certificate.validTo) > now
  }
  return [...new Set(certificates)].filter(isLiving).join('')
}

/** Of the authorities that are trusted at a time, three, many times the number and the size. What follows is not looked at. */
const MOST_CERTIFICATES = 32
const MOST_CHARACTERS = 128 * 1024

/** A Secret holds 1 MiB, and every look at all of it would take seconds of the one thread that answers. */
export const splitPem = (text: string): string[] =>
  (text.slice(0, MOST_CHARACTERS).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).slice(
    0,
    MOST_CERTIFICATES,
  )

export function certificateIn(pem: string | undefined): X509Certificate | undefined {
  if (!pem) return undefined
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

function isTimeOf({ validFrom, validTo }: X509Certificate, now: number): boolean {
  return Date.parse(validFrom) <= now && now < Date.parse(validTo)
}

function belongs(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

function signed(authority: X509Certificate, leaf: X509Certificate): boolean {
  try {
    return leaf.checkIssued(authority) && leaf.verify(authority.publicKey)
  } catch {
    return false
  }
}
