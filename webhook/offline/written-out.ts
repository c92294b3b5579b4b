/** The size of what YAML's aliases make of a short text. */

/** A List of 20,000 Pods has a fifth of it. */
const MAX_NODES = 2_000_000
/** The parser's own limit, of text without aliases, is 100. */
const MAX_HEIGHT = 200

interface Measure {
  readonly nodes: number
  readonly height: number
}

const LEAF: Measure = { nodes: 1, height: 1 }
const ENDLESS: Measure = { nodes: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY }

/** @returns the fault of an object that is too large once its aliases are written out, or never ends */
export function faultOfAliases(object: unknown): string | undefined {
  const { nodes, height } = measured(object, new Map())
  if (height === Number.POSITIVE_INFINITY) return 'an alias stands inside of the value that it names (write it out)'
  if (height > MAX_HEIGHT) return `nests more than ${MAX_HEIGHT} deep, aliases written out`
  return nodes > MAX_NODES ? `has more than ${MAX_NODES} keys and values, aliases written out` : undefined
}

/** Each object once: those that are met again while they are measured hold themselves. */
function measured(value: unknown, known: Map<object, Measure>): Measure {
  if (typeof value !== 'object' || value === null) return LEAF
  const before = known.get(value)
  if (before !== undefined) return before
  known.set(value, ENDLESS)
  let [nodes, height] = [1, 0]
  for (const member of Object.values(value)) {
    const inner = measured(member, known)
    nodes += inner.nodes
    height = Math.max(height, inner.height)
  }
  const own = { nodes, height: height + 1 }
  known.set(value, own)
  return own
}
