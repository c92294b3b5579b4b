/** Whether a policy may take the place of another in a running agent: the agent asks, and the webhook before it. Pure. */
import type { Variable } from '../secrets/variables.ts'
import type { Config } from '../types.ts'
import { additions, weakenings } from './weaker.ts'

/** A policy, and what running containers were started with. */
export interface Standing {
  readonly config: Config
  /** A whole host, whose processes are in no container of ours. */
  readonly host: boolean
  readonly identity: string
  readonly variables: readonly Variable[]
}
type Placed = Omit<Standing, 'config'>

/** `weaker`: the protection lost by the change. `more`: on a host, the values that its configuration file gives in addition. */
export type Verdict =
  | { readonly refused: string }
  | { readonly weaker: readonly string[]; readonly more: readonly string[] }

/** @param locked `--lock-policy`: a weakening change is refused */
export function judgeChange(before: Standing, after: Standing, locked: boolean): Verdict {
  const fixed = fixedChange(before, after)
  if (fixed !== undefined) return { refused: fixed }
  const weaker = weakenings(before.config, after.config)
  if (locked && weaker.length) {
    return { refused: `it is weaker (${weaker.join('; ')}), and the agent runs with --lock-policy; start the Pod anew` }
  }
  // In a Pod they count as weaker: its annotations may be changed by another user than its author.
  const more = after.host ? additions(before.config, after.config) : []
  return { weaker: weaker.filter((what) => !more.includes(what)), more }
}

/**
 * The parts that running containers were started with. A placeholder of another size or slot is a damaged one to the
 * kernel, and its process would be killed.
 */
export function fixedChange(before: Placed, after: Placed): string | undefined {
  if (after.host) return undefined
  if (before.identity !== after.identity) {
    return 'the annotation `kernelseal.io/status` is another: the placeholders of the running containers follow the first'
  }
  for (const { container, name, capacity } of after.variables) {
    const placed = before.variables.find((variable) => variable.container === container && variable.name === name)
    if (placed && placed.capacity !== capacity) {
      return `\`capacity\` of \`${name}\` is ${capacity}, and its placeholder in \`${container}\` has ${placed.capacity} bytes; start the Pod anew`
    }
  }
  return undefined
}

/** Variables that no running container has a placeholder for. */
export function unplaced(before: Placed, after: Placed): string[] {
  if (after.host) return []
  const placed = new Set(before.variables.map(({ slot }) => slot))
  return [...new Set(after.variables.filter(({ slot }) => !placed.has(slot)).map(({ name }) => name))]
}
