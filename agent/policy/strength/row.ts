/** One key of a policy: how it is read, its default, and when a change of it is weaker. */
import { isDeepStrictEqual } from 'node:util'
import type { Field } from '../text/field.ts'
import { quote } from '../text/suggest.ts'

export interface Row<Value> {
  readonly read: (field: Field) => Value | undefined
  readonly otherwise: Value
  readonly weaker: Weaker<Value>
}

/** @returns the weakened points, as phrases for log and error; undefined or none when nothing becomes weaker */
export type Weaker<Value> = (before: Value, after: Value) => string | readonly string[] | undefined

/** A switch that protects: off is weaker. */
export function protection(name: string, otherwise: boolean): Row<boolean> {
  return row(
    otherwise,
    (field) => field.boolean(),
    (before, after) => (before && !after ? `\`${name}\` off` : undefined),
  )
}

/** A switch that allows something, or reports less: on is weaker. */
export function permission(name: string, otherwise: boolean): Row<boolean> {
  return row(
    otherwise,
    (field) => field.boolean(),
    (before, after) => (!before && after ? `\`${name}\` on` : undefined),
  )
}

/** Words in the order of their strength. */
export function scale<Word extends string>(name: string, weakestFirst: readonly Word[], otherwise: Word): Row<Word> {
  return row(otherwise, (field) => field.oneOf(weakestFirst), lower(name, weakestFirst))
}

/** A list of words that each allow something: kept once each and in their order, so that equal sets are equal values. */
export function grants<Word extends string>(name: string, words: readonly Word[]): Row<readonly Word[]> {
  const read = (field: Field): readonly Word[] | undefined => {
    const named = field.list()?.map((item) => item.oneOf(words))
    return named && words.filter((word) => named.includes(word))
  }
  return row<readonly Word[]>([], read, (before, after) => {
    const more = after.filter((word) => !before.includes(word))
    return more.length ? `\`${name}\` has ${more.map(quote).join(', ')}` : undefined
  })
}

function row<Value>(otherwise: Value, read: Row<Value>['read'], weaker: Weaker<Value>): Row<Value> {
  return { read, otherwise, weaker }
}

export function lower<Word extends string>(name: string, weakestFirst: readonly Word[]): Weaker<Word> {
  return (before, after) =>
    weakestFirst.indexOf(after) < weakestFirst.indexOf(before) ? `\`${name}\` from ${before} to ${after}` : undefined
}

/** Any other value is weaker, since neither of the two is the stronger one. */
export const another =
  (phrase: string): Weaker<unknown> =>
  (before, after) =>
    isDeepStrictEqual(before, after) ? undefined : phrase

/** Of no consequence to protection; the reason stands where this is used. */
export const harmless: Weaker<unknown> = () => undefined

/** Every key of a table asked, in the table's order. A key that one of the two lacks is `undefined` to its row. */
export function weakerKeys<Values extends object>(
  table: { readonly [Key in keyof Values]-?: Weaker<Values[Key]> },
  before: Values,
  after: Values,
): string[] {
  return (Object.keys(table) as (keyof Values)[]).flatMap((key) => table[key](before[key], after[key]) ?? [])
}
