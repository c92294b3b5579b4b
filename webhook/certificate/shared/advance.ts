/** One step of the shared certificates' life, made by whichever replica holds the Lease. */
import { type Authority, createAuthority, restoreAuthority } from '../self-signed.ts'
import { bundleOf, type CertificateState, type Step } from './state.ts'

/** Two years; the leaf it signs last must end before it, and anyone must have time to notice. */
const SHARED_CA_LIFETIME = 730 * 24 * 60 * 60 * 1000

export async function advance(
  step: Exclude<Step, 'none'>,
  state: CertificateState | undefined,
  names: readonly string[],
  now: number,
): Promise<CertificateState> {
  if (step === 'create' || state === undefined) {
    const authority = await createAuthority(names, SHARED_CA_LIFETIME)
    return {
      'ca.crt': authority.ca,
      'signer.crt': authority.ca,
      'signer.key': authority.key,
      ...(await leafOf(authority)),
    }
  }
  const bundle = (first: string) => bundleOf(first, state['ca.crt'], now)
  switch (step) {
    case 'renew-leaf': {
      const signer = restoreAuthority(names, state['signer.crt'], state['signer.key'])
      return { ...state, 'ca.crt': bundle(state['signer.crt']), ...(await leafOf(signer)) }
    }
    case 'prepare-authority': {
      const next = await createAuthority(names, SHARED_CA_LIFETIME)
      const since = new Date(now).toISOString()
      return { ...state, 'ca.crt': bundle(next.ca), 'next.crt': next.ca, 'next.key': next.key, 'next.since': since }
    }
    case 'switch-authority': {
      const { 'next.crt': crt, 'next.key': key, 'next.since': _, ...rest } = state
      if (crt === undefined || key === undefined) return advance('create', undefined, names, now)
      const leaf = await leafOf(restoreAuthority(names, crt, key))
      return { ...rest, 'ca.crt': bundle(crt), 'signer.crt': crt, 'signer.key': key, ...leaf }
    }
  }
}

async function leafOf(authority: Authority) {
  const { cert, key } = await authority.issue()
  return { 'tls.crt': cert, 'tls.key': key }
}
