/** How this program starts itself once more: with the options that agent/kernelseal gives it. */
import { sys } from './syscall.ts'

/** Else SIGUSR1 opens the inspector to the whole network namespace, with the memory and the rights of the process behind it. */
export const NO_INSPECTOR = '--disable-sigusr1'

/** And a young generation that stays small. */
export const RUNTIME_OPTIONS = [NO_INSPECTOR, '--max-semi-space-size=2'] as const

/** include/uapi/asm-generic/signal.h; the bit of signal N is N - 1. */
const SIG_UNBLOCK = 1
const SIGUSR1 = 10
const SIGNAL_SET_BYTES = 8

/**
 * Node blocks SIGUSR1 under --disable-sigusr1, and a listener for it is never called. Only once there is a listener: the signal ends a
 * process without one. For the calling thread, which is the one that signals to the process then go to.
 */
export function receiveSigusr1(): void {
  const set = Buffer.alloc(SIGNAL_SET_BYTES)
  set.writeBigUInt64LE(1n << BigInt(SIGUSR1 - 1))
  sys('rt_sigprocmask', SIG_UNBLOCK, set, null, SIGNAL_SET_BYTES)
}
