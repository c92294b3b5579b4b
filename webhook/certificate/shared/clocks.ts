/** Two clocks, this replica's and the API server's, and the steps allowed when they differ. Pure. */
import { isSoundLeaf } from './sound.ts'
import { type CertificateState, nextStep, type Step } from './state.ts'

/** An answer's `Date` has whole seconds and took its time; NTP keeps machines within milliseconds. */
const AGREE_WITHIN = 60_000

export interface Judged {
  readonly step: Step
  /** Unix time in ms by which the step is made: the API server's, since it is API servers that are to trust the certificate. */
  readonly now: number
  /** Why nothing is done that otherwise would be. */
  readonly held?: string
}

/**
 * A certificate that a wrong clock has dated is refused by every API server, and all replicas serve it. So steps that
 * can wait are done only while both clocks agree, and urgent ones only where both find them necessary.
 * @param own this replica's time @param offset ms the server is ahead of it; undefined where no server says
 */
export function judge(state: CertificateState | undefined, own: number, offset = 0): Judged {
  const now = own + offset
  const step = nextStep(state, now)
  if (Math.abs(offset) <= AGREE_WITHIN || step === 'none') return { step, now }
  const servesNobody = state === undefined || (!isSoundLeaf(state, now) && !isSoundLeaf(state, own))
  // A bundle is mended by leaving out and putting in, which dates nothing.
  if (servesNobody || step === 'mend-bundle') return { step, now }
  const ahead = `this clock and the API server's differ by ${Math.round(Math.abs(offset) / 1000)} s`
  return { step: 'none', now, held: `${ahead}: no certificate is signed (${step})` }
}
