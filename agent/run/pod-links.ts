/**
 * Looks in the running containers of a Pod whether a bound path is a link there: the kernel knows a program by its real path, so
 * that such a binding matches nothing, and no event would ever say so.
 */
import { existsSync, readlinkSync } from 'node:fs'
import { followLinks } from '../config/follow-links.ts'
import type { Log } from '../events/sinks/log.ts'
import { otherProcesses } from '../linux/procfs.ts'
import type { Binding } from '../policy/types.ts'

/** Late enough for the containers of a start to run, and seldom enough to cost nothing. */
const LOOK_MS = 60_000

/** @returns an end of it */
export function watchPodLinks(bindings: () => readonly Binding[], log: Log): () => void {
  const said = new Set<string>()
  const look = (): void => {
    for (const [binary, real] of linksIn(programsOf(bindings()), rootsOf(otherProcesses()))) {
      if (said.has(binary)) continue
      said.add(binary)
      const text = `no running container has a program \`${binary}\`: it is a link to \`${real}\`; name that in the binding's \`binary\`, or it gives nothing`
      log.say('warn', 'CONFIG', text, { event: 'link', binary, real })
    }
  }
  const timer = setInterval(look, LOOK_MS).unref()
  return () => clearInterval(timer)
}

const programsOf = (bindings: readonly Binding[]): string[] =>
  bindings.flatMap(({ selector: { binary }, retired }) => (binary?.startsWith('/') && !retired ? [binary] : []))

/** A root directory for each mount namespace. */
function rootsOf(pids: readonly number[]): string[] {
  const roots = new Map<string, string>()
  for (const pid of pids) {
    try {
      roots.set(readlinkSync(`/proc/${pid}/ns/mnt`), `/proc/${pid}/root`)
    } catch {} // it has ended
  }
  return [...roots.values()]
}

/** Path → real path, of those that are links in one root directory and files in none. */
export function linksIn(binaries: readonly string[], roots: readonly string[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const binary of new Set(binaries)) {
    const reals = roots.map((root) => ({ root, real: followLinks(binary, root) }))
    const there = reals.filter(({ root, real }) => existsSync(root + real)).map(({ real }) => real)
    const [first] = there
    if (first !== undefined && !there.includes(binary)) found.set(binary, first)
  }
  return found
}
