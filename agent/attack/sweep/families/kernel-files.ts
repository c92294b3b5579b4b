/**
 * The kernel's own files: every one that may be written below /proc/sys and /sys (debugfs and tracefs are there) is opened, nothing
 * is written; every one of bpffs is read, where the kernel lists the maps that are pinned.
 */
import { type Dirent, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Family, Step } from '../family.ts'
import { shuffled } from '../order.ts'
import type { Room } from '../room.ts'
import { newReaders, type Readers } from './readers.ts'

const O_RDONLY = 0
const O_WRONLY = 1
const WRITTEN = ['/proc/sys', '/sys']
const READ = ['/sys/fs/bpf']
/** Opening these does something by itself: the first frees a trace buffer at its close, the second binds the caller's CPU. */
const NOT_OPENED = /\/(free_buffer|timerlat_fd)$/
/** A machine has 30,000; each run takes other ones, by its seed. */
const MOST = 3000
const WALK_MS = 6000

export const kernelFiles: Family = {
  name: 'kernel files',
  share: 2,
  steps: (room) => {
    const readers = newReaders(room)
    const read = READ.flatMap((folder) => walk(folder, room, Date.now() + WALK_MS)).map(
      (path): Step => ({ label: `read ${path}`, run: () => readOne(room, path, readers.readAll) }),
    )
    const written = WRITTEN.flatMap((folder) => walk(folder, room, Date.now() + WALK_MS))
    const some = shuffled(written, room.request.seed).slice(0, MOST)
    return [...read, ...some.map((path): Step => ({ label: `write ${path}`, run: () => openOne(room, path) }))]
  },
}

function readOne(room: Room, path: string, readAll: Readers['readAll']): void {
  const fd = room.open(path, O_RDONLY)
  if (fd < 0) return
  readAll(fd, 'file of bpffs')
  room.close(fd)
}

function openOne(room: Room, path: string): void {
  if (NOT_OPENED.test(path) || !isWritable(path)) return
  const fd = room.open(path, O_WRONLY)
  if (fd < 0) return
  room.opened(path.replaceAll(/\d+/g, 'N'))
  room.close(fd)
}

function isWritable(path: string): boolean {
  try {
    const stat = statSync(path)
    return stat.isFile() && (stat.mode & 0o222) !== 0
  } catch {
    return false
  }
}

/** Folders in the order of the seed, until the time is up: which part is seen differs from run to run. */
function walk(top: string, { request }: Room, until: number): string[] {
  const files: string[] = []
  const folders = [top]
  for (let folder = folders.pop(); folder !== undefined && Date.now() < until; folder = folders.pop()) {
    for (const entry of shuffled(entries(folder), request.seed)) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) folders.push(path)
      else if (entry.isFile()) files.push(path)
    }
  }
  return files
}

function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
