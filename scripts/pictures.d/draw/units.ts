/** Values in Grafana's units, as its panels write them. */

type Steps = readonly (readonly [factor: number, suffix: string])[]

const SHORT: Steps = [
  [1e9, ' Bil'],
  [1e6, ' Mil'],
  [1e3, ' K'],
  [1, ''],
]
const SECONDS: Steps = [
  [86_400, ' days'],
  [3_600, ' hours'],
  [60, ' mins'],
  [1, ' s'],
  [1e-3, ' ms'],
  [1e-6, ' µs'],
]
const BYTES: Steps = [
  [2 ** 30, ' GiB'],
  [2 ** 20, ' MiB'],
  [2 ** 10, ' KiB'],
  [1, ' B'],
]

/** @throws Error for a unit that is not known here */
export function written(value: number, unit: string): string {
  switch (unit) {
    case 'short':
      return scaled(value, SHORT)
    case 's':
      return value === 0 ? '0 s' : scaled(value, SECONDS)
    case 'bytes':
      return scaled(value, BYTES)
    case 'ops':
      return `${scaled(value, SHORT)} ops/s`
    default:
      throw new Error(`scripts/pictures.d/draw/units.ts does not know the unit \`${unit}\` of dashboard.json: add it`)
  }
}

/** @returns in which of a unit's steps an axis to this value counts: round numbers of MiB are not round numbers of bytes */
export function baseOf(unit: string, value: number): number {
  const steps = unit === 'bytes' ? BYTES : unit === 's' ? SECONDS : []
  return steps.find(([step]) => value >= step)?.[0] ?? 1
}

/** Below the smallest step there are fractions of it. */
function scaled(value: number, steps: Steps): string {
  const [factor, suffix] = steps.find(([step]) => Math.abs(value) >= step) ?? steps.at(-1)!
  return `${Number((value / factor).toPrecision(3))}${suffix}`
}
