/** Memory that a flood needed goes back when it is over. V8 collects when more is asked for, which after a flood may be hours later. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ByteBudget } from './bytes.ts'

/** Milliseconds between two looks. */
const LOOK_MS = 5_000
/** Part of the bytes in flight that no ordinary day sees: they are in use and would not be collected, and more comes. */
const MUCH = 1 / 4
/**
 * Milliseconds of a CPU between two looks, in which anything of size can have been left: bodies, answers, and handshakes and connections
 * as well, which no budget of bytes shows. At rest, with its probes, a replica takes a tenth of it.
 */
const WORK_MS = 250
/** Looks from one collection to the next: one takes some 20 ms of the thread that answers. */
const LOOKS_BETWEEN = 6

/**
 * `last-resort` is the only kind that also empties V8's pool of pages (`ReleasePooledChunksImmediately` in heap.cc; a memory-reducing collection),
 * however little it collects: 70 MB of it stayed after a flood with any number of ordinary ones.
 */
type Collect = (options: typeof WHOLE) => Promise<unknown>

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
  { collect = collector(), worked = workedHere }: Partial<Process> = {},
): () => void {
  let looks = 0
  let isWorkDone = false
  let before = worked()
  const look = (): void => {
    looks++
    const isMuch = budget.highest() > limit * MUCH
    isWorkDone ||= worked() - before >= WORK_MS
    before = worked()
    if (isMuch || !isWorkDone || looks < LOOKS_BETWEEN) return
    looks = 0
    isWorkDone = false
    // Its own work is none, or one would lead to the next.
    void collectTwice(collect).then(() => {
      before = worked()
    })
  }
  const timer = setInterval(look, LOOK_MS).unref()
  return () => clearInterval(timer)
}

/**
 * V8's table of the names of properties does not become smaller by a collection, but with the first new name after one, and the larger table is
 * freed by the next (StringTable::EnsureCapacity and DropOldData in string-table.cc): 4 MB after Pods with hundreds of thousands of names.
 */
async function collectTwice(collect: Collect): Promise<void> {
  await collect(WHOLE)
  JSON.parse(`{"${NEW_NAME}${performance.now()}":0}`)
  await collect(WHOLE)
}

/** A name that no Pod has. */
const NEW_NAME = 'kernelseal give-back '
const WHOLE = { type: 'major', flavor: 'last-resort', execution: 'async' } as const

function workedHere(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** V8's own, which it hides unless asked for it before a context is made. */
function collector(): Collect {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as Collect
}
