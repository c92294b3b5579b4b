/** A program as its completion scripts need it. */
import { HELP_OPTION } from '../help.ts'
import type { Option, Options, Words } from '../table.ts'

export interface Completed {
  readonly name: string
  readonly summary: string
  readonly options: Options
  readonly words?: Words
  /** Another command line follows after `--`. */
  readonly after?: true
}

export interface Program {
  readonly name: string
  /** Without a command. */
  readonly options: Options
  readonly commands: readonly Completed[]
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

export const withHelp = (options: Options): [string, Option][] =>
  Object.entries({ ...options, help: HELP_OPTION } as Options)

/** `-f`, `--filename`. */
export const spellings = (name: string, { short }: Option): string[] => [
  ...(short === undefined ? [] : [`-${short}`]),
  `--${name}`,
]

/** For the shells that quote with single quotes alone. */
export const inQuotes = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** The name of a shell function: no dashes. */
export const functionName = (program: string): string => `_${program.replaceAll('-', '_')}`
