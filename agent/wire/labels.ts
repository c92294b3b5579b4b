/** Names of the kernel's constants → the words for them in configuration files, logs and metric labels. */

/** `CORE_DUMP` → `core-dump` */
export type Label<S> = S extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}-${Label<Tail>}`
  : Lowercase<S & string>

type Numbers = Readonly<Record<string, number>>

/** By number. */
export function labelsOf<E extends Numbers>(numbers: E): readonly Label<keyof E>[] {
  return namesByNumber(numbers).map((name) => name.toLowerCase().replaceAll('_', '-') as Label<keyof E>)
}

/** In lower case, by number. */
export function lowerNames<E extends Numbers>(numbers: E): readonly Lowercase<keyof E & string>[] {
  return namesByNumber(numbers).map((name) => name.toLowerCase() as Lowercase<keyof E & string>)
}

/** @throws Error with a gap: such numbers are no places of a list */
function namesByNumber(numbers: Numbers): string[] {
  const names = Object.keys(numbers).toSorted((a, b) => (numbers[a] ?? 0) - (numbers[b] ?? 0))
  const gap = names.find((name, i) => numbers[name] !== i)
  if (gap) throw new Error(`\`${gap}\` is ${numbers[gap]}, and not the number after the one before it`)
  return names
}
