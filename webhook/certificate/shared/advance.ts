/** One step of the shared certificates' life, made by whichever replica holds the Lease. */
import { type Authority, createAuthority, restoreAuthority } from '../self-signed.ts'
import { bundleOf, issuerOf } from './sound.ts'
import type { CertificateState, Step } from './state.ts'

/** Two years; the leaf it signs last must end before it, and there must be time to notice. */
const SHARED_CA_LIFETIME = 730 * 24 * 60 * 60 * 1000

/**
 * @param trusted authorities that API servers trust already, PEM: kept, because another replica may be serving a
 * certificate by it
 */
export async function advance(
  step: Exclude<Step, 'none'>,
  state: CertificateState | undefined,
  names: readonly string[],
  now: number,
  trusted = '',
): Promise<CertificateState> {
  if (step === 'create' || state === undefined) return create(names, now, `${state?.['ca.crt'] ?? ''}\n${trusted}`)
  const bundle = (...first: string[]) => {
    const known = [...first, issuerOf(state, now) ?? '', state['ca.crt'], trusted].join('\n')
    return bundleOf(first[0] ?? '', known, now)
  }
  switch (step) {
    case 'renew-leaf': {
      const signer = restoreAuthority(names, state['signer.crt'], state['signer.key'])
      return { ...state, 'ca.crt': bundle(state['signer.crt']), ...(await leafOf(signer, now)) }
    }
    case 'prepare-authority': {
      const next = await createAuthority(names, SHARED_CA_LIFETIME, now)
      const since = new Date(now).toISOString()
      return { ...state, 'ca.crt': bundle(next.ca), 'next.crt': next.ca, 'next.key': next.key, 'next.since': since }
    }
    case 'switch-authority': {
      const { 'next.crt': crt, 'next.key': key, 'next.since': _, ...rest } = state
      if (crt === undefined || key === undefined) return create(names, now, state['ca.crt'])
      const leaf = await leafOf(restoreAuthority(names, crt, key), now)
      return { ...rest, 'ca.crt': bundle(crt), 'signer.crt': crt, 'signer.key': key, ...leaf }
    }
    case 'mend-bundle': {
      const { 'next.crt': next, 'signer.crt': signer } = state
      return { ...state, 'ca.crt': next === undefined ? bundle(signer) : bundle(next, signer) }
    }
  }
}

async function create(names: readonly string[], now: number, trusted: string): Promise<CertificateState> {
  const authority = await createAuthority(names, SHARED_CA_LIFETIME, now)
  return {
    'ca.crt': bundleOf(authority.ca, trusted, now),
    'signer.crt': authority.ca,
    'signer.key': authority.key,
    ...(await leafOf(authority, now)),
  }
}

async function leafOf(authority: Authority, now: number) {
  const { cert, key } = await authority.issue('serverAuth', now)
  return { 'tls.crt': cert, 'tls.key': key }
}
