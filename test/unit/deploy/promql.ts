/** The metrics that an expression of PromQL asks for: as much of the language as our rules and panels use. */

export interface Selector {
  readonly metric: string
  /** Label matchers: name and value. */
  readonly matchers: readonly (readonly [label: string, value: string])[]
}

const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset'])

/**
 * Metric names with their matchers: every name that is neither a function, nor a word of the language, nor a grouping
 * label.
 */
export function selectorsIn(expression: string): Selector[] {
  const bare = expression.replace(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, ' ').replace(/\[[^\]]*\]/g, ' ')
  const names = /([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\}|\()?/g
  return [...bare.matchAll(names)].flatMap(([, metric, after = '']) =>
    after === '(' || WORDS.has(metric!) ? [] : [{ metric: metric!, matchers: matchersIn(after) }],
  )
}

const matchersIn = (braces: string): [string, string][] =>
  [...braces.matchAll(/([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)].map(([, label, value]) => [label!, value!])

/** Labels an expression groups by. */
export const groupingIn = (expression: string): string[] =>
  [...expression.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g)].flatMap(([, labels]) =>
    labels!.split(',').map((label) => label.trim()),
  )
