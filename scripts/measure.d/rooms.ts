/** Circles between the rooms of agent and webhook. */
import { importsOf } from '../lib/rooms.ts'
import type { Tree } from './tree.ts'

/** A room → the rooms it imports. */
export type Arrows = ReadonlyMap<string, ReadonlySet<string>>

export function arrowsOf(tree: Tree): Arrows {
  const sources = [...tree].filter(([file]) => /^(?:agent|webhook)\/.*\.ts$/.test(file))
  return new Map([...importsOf(new Map(sources))].map(([room, imports]) => [room, new Set(imports.keys())]))
}

/**
 * Rooms that reach each other, a group for each circle; two circles with a room in common are one. An arrow within such
 * a group is one that runs back up: without circles the rooms have an order, and all arrows go down.
 */
export function circlesOf(arrows: Arrows): { circles: string[][]; arrowsBackUp: number } {
  const reach = new Map([...arrows.keys()].map((room) => [room, reachedFrom(room, arrows)]))
  const groups = new Map<string, string[]>()
  for (const room of arrows.keys()) {
    const group = [...arrows.keys()].filter((other) => reach.get(room)?.has(other) && reach.get(other)?.has(room))
    if (group.length > 1) groups.set(group.join(), group)
  }
  const circles = [...groups.values()]
  const within = circles.flatMap((group) => group.map((room) => group.filter((other) => arrows.get(room)?.has(other))))
  return { circles, arrowsBackUp: within.flat().length }
}

function reachedFrom(room: string, arrows: Arrows): Set<string> {
  const found = new Set<string>()
  const waiting = [...(arrows.get(room) ?? [])]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue
    found.add(next)
    waiting.push(...(arrows.get(next) ?? []))
  }
  return found
}
