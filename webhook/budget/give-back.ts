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
export function giveBack(budget: Pick<ByteBudget, 'highest'>, limit: number, collect = collector()): () => void {
  let wasMuch = false
  const look = (): void => {
    // Of the whole time since the last look: between two waves of a flood there is nothing in flight either.
    const isMuch = budget.highest() > limit * MUCH
    // Some 25 ms of this thread, once.
    if (wasMuch && !isMuch) collect({ type: 'major', execution: 'async' })
    wasMuch = isMuch
  }
  const timer = setInterval(look, LOOK_MS).unref()
  return () => clearInterval(timer)
}

/** V8's own, which it hides unless asked for it before a context is made. */
function collector(): Collect {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as Collect
}
