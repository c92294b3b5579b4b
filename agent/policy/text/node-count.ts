/** How many values a YAML text has when its aliases are written out, counted before any of them is made. */
import { EVENT_ID, type Event } from 'js-yaml'

interface Open {
  readonly anchor: string | undefined
  nodes: number
}

/**
 * One pass over the events, however much they stand for: of nine lists of nine aliases each to the one before, the last stands for
 * 387 million values.
 * @param text the source of the events
 * @returns keys and values, never more than `limit + 1`; an alias inside its own anchor counts as that
 */
export function countNodes(events: readonly Event[], text: string, limit: number): number {
  const sizes = new Map<string, number>()
  const open: Open[] = [{ anchor: undefined, nodes: 0 }]
  for (const event of events) {
    const parent = open.at(-1)!
    if (event.type === EVENT_ID.POP) {
      close(open, sizes)
    } else if (event.type === EVENT_ID.ALIAS) {
      const size = sizes.get(text.slice(event.anchorStart, event.anchorEnd)) ?? limit + 1
      parent.nodes += size
    } else if (event.type === EVENT_ID.SCALAR) {
      parent.nodes++
      const anchor = anchorOf(event, text)
      if (anchor !== undefined) sizes.set(anchor, 1)
    } else {
      open.push({ anchor: event.type === EVENT_ID.DOCUMENT ? undefined : anchorOf(event, text), nodes: 1 })
    }
    if (open.at(-1)!.nodes > limit) return limit + 1
  }
  return open[0]!.nodes
}

function close(open: Open[], sizes: Map<string, number>): void {
  const ended = open.pop()
  const parent = open.at(-1)
  if (ended === undefined || parent === undefined) return
  parent.nodes += ended.nodes
  if (ended.anchor !== undefined) sizes.set(ended.anchor, ended.nodes)
}

const anchorOf = (
  { anchorStart, anchorEnd }: { readonly anchorStart: number; readonly anchorEnd: number },
  text: string,
): string | undefined => (anchorStart < 0 ? undefined : text.slice(anchorStart, anchorEnd))
