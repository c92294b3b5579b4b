/**
 * The options of a command, written down once: parsing, help and completion all follow from this table, and so do the types of the
 * values. An option without help, or a value without completion, does not compile.
 */

interface Described {
  readonly help: string
  /** One letter. */
  readonly short?: string
}

/** Given or not. */
interface Switch extends Described {
  readonly value?: never
  readonly completes?: never
  readonly multiple?: never
  readonly default?: never
}

interface Valued extends Described {
  /** In the help: `--config FILE`. */
  readonly value: string
  /** Offered by shells. From a list of words it has to be one. */
  readonly completes: Completes
  /** Given several times, all count; otherwise the last. */
  readonly multiple?: true
  readonly default?: string
}

export type Completes = 'files' | 'directories' | 'nothing' | readonly string[]
export type Option = Switch | Valued
export type Options = Readonly<Record<string, Option>>

type Word<O> = O extends { readonly completes: readonly (infer Listed extends string)[] } ? Listed : string
type ValueOf<O> = O extends Valued ? (O extends { readonly multiple: true } ? readonly Word<O>[] : Word<O>) : boolean

/** Switches are there always, as are options with a default; of the others those that were given. */
type Always<O extends Options> = {
  [Name in keyof O]: O[Name] extends Valued ? (O[Name] extends { readonly default: string } ? Name : never) : Name
}[keyof O]

export type Values<O extends Options> = { readonly [Name in Always<O>]: ValueOf<O[Name]> } & {
  readonly [Name in Exclude<keyof O, Always<O>>]?: ValueOf<O[Name]>
}

/**
 * Of an option that its command never reads: `const { json, ...left } = values; left satisfies NothingLeft` does not compile once the
 * table has one more.
 */
export type NothingLeft = Readonly<Record<string, never>>

/** Words beside a command's options, such as the `SHELL` of `completion SHELL`. */
export interface Words {
  /** In the help: `SHELL`. */
  readonly value: string
  readonly completes: Completes
  readonly most: number
}
