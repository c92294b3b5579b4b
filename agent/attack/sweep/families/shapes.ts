/** The arguments that the sweep gives to a system call about which it knows nothing. Pure. */
import type { Page, Word } from '../room.ts'

export interface Ingredients {
  readonly pid: number
  readonly pidfd: number
  /** The process that sweeps. */
  readonly own: number
  /** An address of the target. */
  readonly remote: bigint
  /** Two pages to write to, an iovec of the first of them, an iovec of the target's page. */
  readonly pages: Readonly<Record<'out' | 'more' | 'into' | 'from', Page>>
}

export interface Shape {
  readonly words: readonly Word[]
  readonly how: string
}

/** Flags, commands, whiches and descriptors of the target: the small numbers that calls want beside a process. */
const SMALL = Array.from({ length: 32 }, (_, i) => i)
const LENGTH = 4096

/** Six words each. The first is never a small number above 2: that would be a descriptor of the process that sweeps. */
export function shapes({ pid, pidfd, own, remote, pages }: Ingredients): Shape[] {
  const [out, more, into, from] = [pages.out, pages.more, pages.into, pages.from].map(({ address }) => address)
  const [a, b, local, far] = [out!, more!, into!, from!]
  const names = { pid, ...(pidfd >= 0 && { pidfd }) }
  return Object.entries(names).flatMap(([name, target]) => [
    shape(`${name}, page`, target, a, LENGTH, b, LENGTH, 0),
    shape(`${name}, page, no length`, target, a, b, 0, 0, 0),
    shape(`${name}, iovec here, iovec there`, target, local, 1, far, 1, 0),
    shape(`${name}, iovec there, iovec here`, target, far, 1, local, 1, 0),
    shape(`${name}, iovec there`, target, far, 1, 0, 0, 0),
    shape(`${name}, a count, iovec there, page`, target, 1, far, a, b, 0),
    shape(`${name}, address there, page`, target, remote, LENGTH, a, LENGTH, 0),
    shape(`page, ${name}`, a, target, b, LENGTH, 0, 0),
    shape(`page, length, ${name}`, a, LENGTH, target, b, LENGTH, 0),
    shape(`${name}, ${name}`, target, target, a, b, 0, 0),
    ...SMALL.flatMap((small) => [
      shape(`${name}, ${small}`, target, small, 0, 0, 0, 0),
      shape(`${name}, ${small}, page`, target, small, a, b, LENGTH, 0),
      shape(`${name}, ${small}, page, length`, target, small, a, LENGTH, b, 0),
      shape(`${name}, page, ${small}`, target, a, small, b, LENGTH, 0),
      shape(`${name}, own, ${small}`, target, own, small, small, small, 0),
    ]),
    ...[0, 1, 2].flatMap((which) => [
      shape(`${which}, ${name}, page`, which, target, a, b, LENGTH, 0),
      shape(`${which}, ${name}, length, page`, which, target, LENGTH, a, b, 0),
    ]),
  ])
}

function shape(how: string, ...words: Word[]): Shape {
  return { words, how }
}
