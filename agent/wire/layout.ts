/**
 * The shape of the tables in generated.ts, and the proof that an object has the same ones. They were made from an object of
 * the same sources; which object the agent finds at its start is another question, and a mismatch there is fatal.
 */
import type { StructLayout } from '../libbpf/btf.ts'
import { STRUCTS } from './generated.ts'

/** In bytes. */
export type Fields = Readonly<Record<string, readonly [offset: number, width: number]>>

export interface Struct<F extends Fields = Fields> {
  readonly name: string
  readonly size: number
  readonly fields: F
}

/** The differences between our tables and the object's BTF, one sentence each; empty when there are none. */
export function layoutDifferences(layouts: ReadonlyMap<string, StructLayout>): string[] {
  return STRUCTS.flatMap((s) => differencesOf(s, layouts.get(s.name)))
}

function differencesOf(ours: Struct, theirs: StructLayout | undefined): string[] {
  if (!theirs) return [`struct ${ours.name} is missing`]
  const wrong = ours.size === theirs.size ? [] : [`struct ${ours.name} has ${theirs.size} bytes, not ${ours.size}`]
  for (const [field, [offset]] of Object.entries(ours.fields)) {
    const at = theirs.offsets.get(field)
    if (at !== offset) wrong.push(`${ours.name}.${field} is at ${at ?? 'no offset'}, not ${offset}`)
  }
  for (const field of theirs.offsets.keys()) {
    if (!(field in ours.fields)) wrong.push(`${ours.name}.${field} is unknown to the agent`)
  }
  return wrong
}
