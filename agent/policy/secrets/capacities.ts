/** `kernelseal.io/capacity`: the size of placeholders that no `capacity` of a binding sets, of all or of single variables. */
import type { Field } from '../text/field.ts'
import { DEFAULT_CAPACITY, MAX_CAPACITY, MIN_CAPACITY } from './placeholder.ts'

export interface Capacities {
  /** Bytes, of variables without a size of their own. */
  readonly usual: number
  readonly byName: ReadonlyMap<string, number>
}

export const DEFAULT_CAPACITIES: Capacities = { usual: DEFAULT_CAPACITY, byName: new Map() }

export const capacityOf = ({ usual, byName }: Capacities, variable: string): number => byName.get(variable) ?? usual

const HINT = `bytes, ${MIN_CAPACITY} to ${MAX_CAPACITY}, for all variables, or \`NAME=bytes\`, separated by commas`

/** `2048`, `TLS_KEY=16384`, or `2048, TLS_KEY=16384`. */
export function readCapacities(field: Field): Capacities | undefined {
  const words = field
    .text()
    ?.split(',')
    .map((word) => word.trim())
  if (words === undefined) return undefined
  const pairs = words.map((word) => /^(?:([A-Za-z_][A-Za-z0-9_]*) *= *)?([0-9]{1,6})$/.exec(word))
  const wrong = pairs.findIndex((match) => match === null || !isCapacity(Number(match[2])))
  if (wrong >= 0) return field.error(`has a wrong word, number ${wrong + 1}`, HINT)
  const read = pairs.map((match) => [match?.[1], Number(match?.[2])] as const)
  const usual = read.find(([name]) => name === undefined)?.[1] ?? DEFAULT_CAPACITY
  return {
    usual,
    byName: new Map(read.flatMap(([name, bytes]) => (name === undefined ? [] : [[name, bytes] as const]))),
  }
}

const isCapacity = (bytes: number): boolean => bytes >= MIN_CAPACITY && bytes <= MAX_CAPACITY
