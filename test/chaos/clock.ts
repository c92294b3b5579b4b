/** Clocks that jump, for a process that does not know of it: libfaketime (Debian's package of that name). */

const CLOCK_LIBRARY = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'

/**
 * For the Deployment. The time is read from `.faketimerc` in the home of each replica, each second; clocks that
 * measure durations go on as they are, as in a machine whose clock was set.
 */
export const CLOCK_ENV = {
  LD_PRELOAD: CLOCK_LIBRARY,
  FAKETIME_CACHE_DURATION: '1',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
} as const
