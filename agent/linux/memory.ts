/** Returns memory to the kernel that only the start needed. */
import { readFileSync } from 'node:fs'
import { dropPages } from './libc.ts'

export interface Mapping {
  readonly start: bigint
  readonly end: bigint
}

/**
 * Unmaps the pages of program files that no process can have changed, most of them Node's. The next use of one maps it again from
 * the page cache, without reading: only the pages that a running agent uses stay mapped (madvise(2), MADV_DONTNEED).
 * A kernel that refuses leaves the agent as large as it was.
 */
export function trimAfterStart(): void {
  for (const mapping of cleanFileMappings(readFileSync('/proc/self/smaps', 'latin1'))) dropPages(mapping)
}

/**
 * Private mappings of files that are read-only and have no page of their own: dropping a changed one would bring the
 * file's back. A relocated table is read-only and changed.
 * @param smaps proc_pid_smaps(5)
 */
export function cleanFileMappings(smaps: string): Mapping[] {
  return smaps.split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/).flatMap((text) => {
    const head = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ [1-9]\d* +\/.*$/m.exec(text)
    if (!head || !/^Rss: +[1-9]/m.test(text)) return []
    // Dirty ones count as such too while a file that was just written has not reached its disk.
    const changed = ['Anonymous', 'Swap', 'Locked'].some((field) => !new RegExp(`^${field}: +0 kB$`, 'm').test(text))
    return changed ? [] : [{ start: BigInt(`0x${head[1]}`), end: BigInt(`0x${head[2]}`) }]
  })
}
