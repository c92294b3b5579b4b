/** Memory that a flood needed goes back when it is over. V8 collects when more is asked for, which after a flood may be hours later. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ByteBudget } from './bytes.ts'

/** Milliseconds: a flood that is over for this long is over. */
const LOOK_MS = 5_000
/** Part of the bytes in flight that no ordinary day sees. */
const MUCH = 1 / 4

type Collect = (options: { readonly type: 'major'; readonly execution: 'async' }) => unknown

/** @returns ends it */
export function giveBack(
  budget: Pick<ByteBudget, 'used' | 'highest'>,
  limit: number,
  collect = collector(),
): () => void {
  let wasMuch = false
  const look = (): void => {
    if (budget.highest() > limit * MUCH) wasMuch = true
    if (!wasMuch || budget.used() > limit * MUCH) return
    wasMuch = false
    // Some 20 ms of this thread, once.
    collect({ type: 'major', execution: 'async' })
  }
  const timer = setInterval(look, LOOK_MS).unref()
  return () => clearInterval(timer)
}

/** V8's own, which it hides unless asked for it before a context is made. */
function collector(): Collect {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as Collect
}
