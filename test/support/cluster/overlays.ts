/** Which overlay is for which versions of Kubernetes. */

/** The first minor version and the first one after; the other overlays are for every version from 1.30 on. */
const OLD: Readonly<Record<string, readonly [from: number, before: number]>> = {
  'kubernetes-1.20': [20, 21],
  'kubernetes-1.21': [21, 30],
}

/** Whether it is for API servers without match conditions and ValidatingAdmissionPolicy. */
export const isOld = (overlay: string): boolean => overlay in OLD

/** @param minor of the server: 36 of 1.36.3 */
export function fits(overlay: string, minor: number): boolean {
  const [from, before] = OLD[overlay] ?? [30, Number.POSITIVE_INFINITY]
  return minor >= from && minor < before
}

/** The one that makes its own certificate. */
export const overlayFor = (minor: number): string =>
  Object.keys(OLD).find((overlay) => fits(overlay, minor)) ?? 'self-signed'
