/**
 * Between two rounds of the canary: whether the kernel still calls our programs, and whether their pins are there. One word that
 * root writes to /proc/sys/kernel/ftrace_enabled ends every refusal of the node (their trampolines are ftrace's direct calls,
 * register_ftrace_direct, kernel/trace/ftrace.c), and no program hears of it.
 */
import type { Log } from '../events/sinks/log.ts'
import { FTRACE_SETTING, ftraceSetting, switchedOff } from '../linux/ftrace.ts'

/** One small read a second. */
const PERIOD_MS = 1_000
interface Pinned {
  /** Pins lost pins again and returns their paths. `unloaded`: all are gone, by `kernelseal unload`. */
  readonly repair: () => Promise<readonly string[] | 'unloaded'>
  readonly close: () => void
}

export interface ProgramsWatch {
  /** Why protection does not stand; undefined while it does. */
  readonly broken: () => string | undefined
  readonly close: () => void
}

interface Watched {
  readonly log: Log
  /** Gives nothing to starts from now on. @returns takes that back */
  readonly withhold: () => () => void
  /** Tries the canary anew. */
  readonly recheck: () => Promise<void>
  readonly pinned: Pinned | undefined
  /** The text of the setting; undefined where the kernel has none. */
  readonly read?: () => string | undefined
}

export function watchPrograms({ log, withhold, recheck, pinned, read = ftraceSetting }: Watched): ProgramsWatch {
  let off: string | undefined
  let unloaded: string | undefined
  let restore: (() => void) | undefined
  const look = (): void => {
    const found = switchedOff(read())
    if (found && !off) {
      restore = withhold()
      lose(log, found)
    }
    if (!found && off) {
      restore?.()
      log.say('info', 'CANARY', `the kernel calls the programs again: \`${FTRACE_SETTING}\` is 1`)
      void recheck()
    }
    off = found
  }
  const lookAtPins = async (): Promise<void> => {
    const lost = await pinned?.repair()
    if (lost === 'unloaded' && !unloaded) {
      unloaded = 'the kernel programs were taken away (`kernelseal unload`): nothing is protected; start the agent anew'
      lose(log, unloaded)
    } else if (lost?.length && lost !== 'unloaded') {
      lose(log, `pins were gone and have been made again, protection stood meanwhile: ${lost.join(', ')}`)
    }
  }
  let looking = false
  const timer = setInterval(() => {
    look()
    if (looking) return // it waits for the lock
    looking = true
    lookAtPins()
      .catch((error: Error) => lose(log, `pins cannot be kept: ${error.message}`))
      .finally(() => {
        looking = false
      })
  }, PERIOD_MS)
  timer.unref()
  look()
  const close = (): void => {
    clearInterval(timer)
    pinned?.close()
  }
  return { broken: () => off ?? unloaded, close }
}

function lose(log: Log, text: string): void {
  const fields = { event: 'protection-lost' }
  log.write({ level: 'error', tag: 'CANARY', text, fields, alike: { what: 'protection lost', who: text } })
}
