/** The mistakes in a configuration, collected so that one run reports all of them at once. */

import type { Problem } from '../types.ts'
import { visible } from './suggest.ts'

/** Where a reader puts its findings; the path is relative to the text being read. */
export interface Report {
  error(path: string, message: string, hint?: string): void
  warning(path: string, message: string, hint?: string): void
}

/** Errors a message repeats: as many as a terminal shows at once. All of them are in `problems`. */
const MAX_SHOWN = 20

/** Problems that are collected. Beyond them reading stops at the next error, so that the work stays that of one small text. */
const MAX_FOUND = 100

/** A configuration that cannot be used. `problems` holds the errors and the warnings found on the way. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly Problem[]

  /** @param where name of the text (a file name); '' when the paths themselves say it, as annotation keys do */
  constructor(where: string, problems: readonly Problem[]) {
    const errors = problems.filter((problem) => problem.severity === 'error')
    const lines = errors.slice(0, MAX_SHOWN).map((problem) => formatProblem(where, problem))
    if (errors.length > MAX_SHOWN) lines.push(`and ${errors.length - MAX_SHOWN} more errors`)
    super(lines.join('\n'))
    this.problems = problems
  }
}

/** `where:line: path: message (hint)`, or `path (line N): message (hint)` when the text has no name of its own. */
export function formatProblem(where: string, { path, line, message, hint }: Problem): string {
  const tail = hint === undefined ? message : `${message} (${hint})`
  if (where !== '') {
    const place = line === undefined ? where : `${where}:${line}`
    return visible(path === '' ? `${place}: ${tail}` : `${place}: ${path}: ${tail}`)
  }
  return visible(line === undefined ? `${path}: ${tail}` : `${path} (line ${line}): ${tail}`)
}

/**
 * @param prefix put before every path: the annotation's key, or '' for a file
 * @param lineOf 1-based line of a path inside the text
 * @param where name of the text, for the error that ends the reading of one with too many
 */
export function reportInto(
  found: Problem[],
  prefix = '',
  lineOf: (path: string) => number | undefined = () => undefined,
  where = '',
): Report {
  const add = (severity: Problem['severity']) => (path: string, message: string, hint?: string) => {
    if (found.length >= MAX_FOUND && severity === 'warning') return
    const line = lineOf(path)
    found.push({
      severity,
      path: joinPrefix(prefix, path),
      ...(line === undefined ? {} : { line }),
      message,
      ...(hint === undefined ? {} : { hint }),
    })
    if (found.length > MAX_FOUND) throw new ConfigError(where, found)
  }
  return { error: add('error'), warning: add('warning') }
}

/** Throws when there is an error among the problems; otherwise returns them, all warnings. */
export function refuseErrors(where: string, found: readonly Problem[]): readonly Problem[] {
  if (found.some((problem) => problem.severity === 'error')) throw new ConfigError(where, found)
  return found
}

function joinPrefix(prefix: string, path: string): string {
  if (prefix === '' || path === '') return prefix + path
  return `${prefix}: ${path}`
}

/** Something the user must put right; printed without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
