/** Starts reloads: when a file has changed, on a timer against lost events, and on request. One at a time. */
import { watchFiles } from '../sources/watch.ts'

export interface Triggers {
  /** Asks for a reload; requests while one runs become one more. */
  readonly ask: (what: { readonly policy: boolean }) => Promise<void>
  readonly close: () => void
}

/** Look-ups are cheap and events are seldom lost: a value is late by a minute at most. */
const PERIOD_MS = 60_000

/**
 * @param files the watched files, asked for before each reload
 * @param livePolicy whether each reload reads the policy too, or only those that ask for it
 * @param reload must not throw
 */
export function startTriggers(
  files: () => readonly string[],
  livePolicy: boolean,
  reload: (what: { readonly policy: boolean }) => Promise<void>,
  periodMs = PERIOD_MS,
): Triggers {
  let open = true
  let asked: { readonly policy: boolean } | undefined
  let running: Promise<void> | undefined
  const runAll = async (): Promise<void> => {
    while (open && asked) {
      const what = asked
      asked = undefined
      watch.refresh() // before the files are read, so that later changes are seen
      await reload(what)
    }
    running = undefined
  }
  const ask: Triggers['ask'] = ({ policy }) => {
    asked = { policy: policy || (asked?.policy ?? false) }
    running ??= runAll()
    return running
  }
  const look = (): void => void ask({ policy: livePolicy })
  const watch = watchFiles(files, look)
  const timer = setInterval(look, periodMs)
  timer.unref()
  const close = (): void => {
    open = false
    clearInterval(timer)
    watch.close()
  }
  return { ask, close }
}
