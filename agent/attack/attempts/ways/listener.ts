/**
 * Row 15: a listener of fanotify is told of an open before the exec, and reads the event after it. The kernel opens the file for the
 * listener at that moment, by dentry_open() and so without the checks of a walk (fs/notify/fanotify/fanotify_user.c, create_fd).
 */
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { sys } from '../../../linux/syscall.ts'
import { type Attempt, empty, type Outcome, prepare, type Target } from '../../attempt.ts'
import { afterExec } from '../before-exec.ts'
import { readEnviron } from '../environ.ts'
import { withHeld } from '../held-target.ts'

const AT_FDCWD = -100
/** include/uapi/linux/fanotify.h */
const [FAN_NONBLOCK, FAN_MARK_ADD, FAN_OPEN] = [2, 1, 0x20]
/** struct fanotify_event_metadata: 24 bytes, the descriptor at 16. */
const [EVENT, DESCRIPTOR] = [24, 16]

export const listenerAttempts: readonly Attempt[] = [
  {
    row: 15,
    starts: true,
    switch: 'blockEnviron',
    proof: 'absence',
    id: 'environ-by-event',
    title: 'environ by an event of fanotify from before the exec',
    run: byEvent,
  },
]

function byEvent(target: Target): Outcome {
  const listener = prepare('fanotify', () => sys('fanotify_init', FAN_NONBLOCK, constants.O_RDONLY))
  try {
    return withHeld(target, (pid) => {
      const path = `/proc/${pid}/environ`
      prepare('a mark', () => sys('fanotify_mark', listener, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, path))
      closeSync(openSync(path, 'r'))
      return afterExec(pid, target, () => readEvent(listener, target))
    })
  } finally {
    closeSync(listener)
  }
}

function readEvent(listener: number, target: Target): Outcome {
  const event = Buffer.alloc(EVENT)
  readSync(listener, event)
  const fd = event.readInt32LE(DESCRIPTOR)
  return fd < 0 ? empty('an event without a file') : readEnviron(fd, target)
}
