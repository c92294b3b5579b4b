/** Starts without the random gap on the initial stack. */
import { sys } from '../../linux/syscall.ts'

/** include/uapi/linux/personality.h */
const ADDR_NO_RANDOMIZE = 0x0040000
/** personality(2): changes nothing, returns the current value. */
const QUERY = 0xffffffff

/**
 * Up to 8 KiB of random gap lie between a program's strings and its stack (arch_align_stack). A page of it that was
 * never touched is not there, and ends every sample of the stack before it gets to the environment: measured, 1 start
 * in 4. A child inherits the personality of the thread that starts it. A seccomp filter may refuse; then the gap
 * stays.
 */
export function withoutGap<T>(action: () => T): T {
  const before = takePersonality()
  try {
    return action()
  } finally {
    if (before !== undefined) sys('personality', before)
  }
}

/** @returns the personality to go back to; undefined where it may not be changed */
function takePersonality(): number | undefined {
  try {
    const before = sys('personality', QUERY)
    sys('personality', before | ADDR_NO_RANDOMIZE)
    return before
  } catch {
    return undefined
  }
}
