/**
 * Kubernetes quantities as numbers, to compare quantities that the server rewrites: `1024Mi` comes back as `1Gi`,
 * `0.5` as `500m`.
 */

const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'] as const
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const

/** Sign, digits, fraction, then a suffix or an exponent (apimachinery/pkg/api/resource/quantity.go). */
const FORM = /^\+?([0-9]{1,18})(?:\.([0-9]{0,18}))?(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{1,2}))?$/
/** Digits after the point that are kept: those of a billionth, and those that a fraction may add. */
const SCALE = 27

/** @returns the value in units of 10^-27; undefined for other text */
export function quantityOf(text: unknown): bigint | undefined {
  const match = typeof text === 'string' || typeof text === 'number' ? FORM.exec(String(text)) : null
  if (match === null) return undefined
  const [, whole = '', fraction = '', suffix = '', exponent = '0'] = match
  const digits = BigInt(whole + fraction.padEnd(18, '0'))
  const binary = (BINARY as readonly string[]).indexOf(suffix)
  if (binary >= 0) return digits * 1024n ** BigInt(binary + 1) * 10n ** BigInt(SCALE - 18)
  const power = suffix === '' ? Number(exponent) : 3 * ((DECIMAL as readonly string[]).indexOf(suffix) - 3)
  const shift = SCALE - 18 + power
  return shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift)
}
