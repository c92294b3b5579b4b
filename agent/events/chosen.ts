/** A set of bindings as the kernel has it → the bindings, and their variables. */
import type { Binding } from '../policy/types.ts'

/** @param bindings of the scope, in the order of their numbers */
export const bindingsIn = (set: bigint, bindings: readonly Binding[]): Binding[] =>
  bindings.filter((_, i) => set & (1n << BigInt(i)))

/** Each once, though several bindings may give it. */
export const variablesIn = (chosen: readonly Binding[]): string[] => [
  ...new Set(chosen.flatMap(({ secretRefs }) => secretRefs.map(({ name }) => name))),
]
