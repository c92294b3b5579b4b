/** The real path of a bound program, as its own root directory has it: by this path the kernel knows it. */
import { readlinkSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'

/** Links that the kernel follows in one path (MAXSYMLINKS, include/linux/namei.h). */
const MOST_LINKS = 40

/**
 * A link's absolute target is looked up below `root`, as a process with that root directory would; realpath(3) would leave it.
 * @param root '' for our own, or `/proc/PID/root` @returns the path as it is where a component is not there, or may not be read
 */
export function followLinks(path: string, root = ''): string {
  let done = '/'
  let ahead = path.split('/').filter(Boolean)
  let links = 0
  while (ahead.length > 0) {
    const [next = '', ...rest] = ahead
    const here = join(done, next)
    const target = linkAt(root + here)
    if (target === undefined) {
      done = here
      ahead = rest
    } else {
      if (++links > MOST_LINKS) return path
      if (isAbsolute(target)) done = '/'
      // A `..` of it is taken by join: the folders before it have no links any more.
      ahead = [...target.split('/').filter(Boolean), ...rest]
    }
  }
  return done
}

/** Undefined where it is no link, or not there. */
function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
