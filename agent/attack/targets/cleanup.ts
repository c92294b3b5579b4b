/**
 * Resources to close at the end, or when a signal ends it early: the last opened first, each once, despite failures.
 */

type Close = () => void | Promise<void>

export interface Cleanup {
  add(close: Close): void
  /** May be called again, also while it runs. */
  run(): Promise<void>
}

export function newCleanup(): Cleanup {
  const closers: Close[] = []
  const run = async () => {
    for (let close = closers.pop(); close; close = closers.pop()) {
      try {
        await close()
      } catch {} // a failed close must not keep the rest open
    }
  }
  return { add: (close) => void closers.push(close), run }
}
