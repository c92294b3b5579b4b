/** Memory that a flood needed goes back when it is over. V8 collects when more is asked for, which after a flood may be hours later. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ByteBudget } from './bytes.ts'

/** Milliseconds between two looks. */
const LOOK_MS = 5_000
/** Part of the bytes in flight that no ordinary day sees: what there is of them would not be collected, and more comes. */
const MUCH = 1 / 4
/**
 * Milliseconds of a CPU, since the last collection, in which anything of size can have been left: bodies, answers, and handshakes and
 * connections as well, which no budget of bytes shows. At rest a replica takes minutes for it.
 */
const WORK_MS = 2_000
/**
 * Looks from one pair of collections to the next. Each takes some 25 ms of the thread that answers. It is a pair because V8 keeps the pages
 * that the first one emptied in a pool, and gives them to the system some seconds after the second: 178 MB, 84 of them in the pool, became 110.
 */
const LOOKS_BETWEEN = 6
/** From the first of a pair to the second: one that came 5 s later left the pool as it was. */
const LOOKS_WITHIN = 3

type Collect = (options: { readonly type: 'major'; readonly execution: 'async' }) => unknown

/** The process; of a test, a stand-in. */
interface Process {
  readonly collect: Collect
  /** Milliseconds of a CPU so far. */
  readonly worked: () => number
}

/** @returns ends it */
export function giveBack(
  budget: Pick<ByteBudget, 'highest'>,
  limit: number,
  { collect, worked }: Process = { collect: collector(), worked: workedHere },
): () => void {
  let looks = 0
  let again = false
  let collectedAt = worked()
  const look = (): void => {
    looks++
    const isMuch = budget.highest() > limit * MUCH
    const isDue = !again && looks >= LOOKS_BETWEEN && worked() - collectedAt >= WORK_MS
    const isSecond = again && looks >= LOOKS_WITHIN
    if (isMuch || !(isDue || isSecond)) return
    collect({ type: 'major', execution: 'async' })
    again = !again
    looks = 0
    collectedAt = worked()
  }
  const timer = setInterval(look, LOOK_MS).unref()
  return () => clearInterval(timer)
}

function workedHere(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** V8's own, which it hides unless asked for it before a context is made. */
function collector(): Collect {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as Collect
}
