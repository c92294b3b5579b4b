/** Every name that procfs shows below the target, in every mode of opening. */
import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { numberOf } from '../../../linux/syscall-numbers.ts'
import type { Family, Step } from '../family.ts'
import { newPage, PAGE, type Room } from '../room.ts'
import { newReaders, type Readers } from './readers.ts'

const AT_FDCWD = -100
const O_PATH = 0o10000000
/** Access modes, then flags with a path of their own through the kernel. */
const MODES = { O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, O_PATH, 'O_RDONLY|O_NOFOLLOW': 0o400000 } as const
/** The sweep's target has fewer; a folder that may not be listed is guessed at. */
const DESCRIPTORS = Array.from({ length: 32 }, (_, i) => i)

export const processFiles: Family = {
  name: 'process files',
  share: 3,
  steps: (room) => {
    const readers = newReaders(room)
    const seen = new Set<string>()
    /** A thread's file takes the same requests as its process's. */
    const isFirst = (name: string) => seen.size < seen.add(name.replace(/^task\/\d+\//, '')).size
    return namesOf(room.request.pid).map((name) => stepOf(room, readers, name, isFirst))
  },
}

/** Made once: a step is to cost calls, not pages. */
const scratch = { page: newPage(), name: newPage() }

function stepOf(room: Room, readers: Readers, name: string, isFirst: (name: string) => boolean): Step {
  const path = `/proc/${room.request.pid}/${name}`
  const way = `file ${patternOf(name)}`
  const run = () => {
    readLink(room, path, way)
    for (const [mode, flags] of Object.entries(MODES)) {
      const fd = room.open(path, flags)
      if (fd < 0) continue
      if (flags === O_PATH) through(room, readers, fd, way)
      else if (flags === MODES.O_RDONLY) readers.readAll(fd, way)
      else if (flags !== MODES.O_WRONLY) readers.glance(fd, way)
      if (flags === MODES.O_RDONLY && isFirst(name)) control(room, fd, way)
      if (flags === MODES.O_WRONLY || flags === MODES.O_RDWR) room.opened(`${patternOf(name)} ${mode}`)
      room.close(fd)
    }
  }
  return { label: path, run }
}

/** A descriptor that only names a file can be opened once more. */
function through(room: Room, readers: Readers, named: number, way: string): void {
  const fd = room.open(`/proc/self/fd/${named}`, MODES.O_RDONLY)
  if (fd < 0) return
  readers.glance(fd, way)
  room.close(fd)
}

/** ioctl 0 to 255 with a page of zeros; one that answers with a descriptor is read from. */
function control(room: Room, fd: number, way: string): void {
  const { page } = scratch
  const ioctl = numberOf('ioctl')
  for (let request = 0; request < 256; request++) {
    page.bytes.fill(0)
    const result = room.call(ioctl, fd, request, page.address)
    if (result < 0) continue
    room.look(page.bytes, way, `ioctl ${request}`)
    if (room.isNew(result) && result !== fd) room.close(result)
  }
}

function readLink(room: Room, path: string, way: string): void {
  const { page } = scratch
  const { name } = scratch
  name.bytes.write(`${path}\0`)
  const length = room.call(numberOf('readlinkat'), AT_FDCWD, name.address, page.address, PAGE)
  if (length <= 0 || !room.look(page.bytes.subarray(0, length), way, 'readlinkat')) return
  room.look(page.bytes.subarray(0, length), 'call readlinkat', way)
}

/** The entries the attacker may list, and those of every process: a refusal to list must not spare the files. */
function namesOf(pid: number): string[] {
  const threads = entries(`/proc/${pid}/task`).map(({ name }) => name)
  const tasks = [String(pid), ...threads.filter((thread) => thread !== String(pid)).slice(-2)]
  const guessed = DESCRIPTORS.flatMap((fd) => [`fd/${fd}`, `fdinfo/${fd}`])
  const names = new Set([...namesBelow('/proc/self'), ...namesBelow(`/proc/${pid}`), ...guessed])
  const ofTasks = new Set([...namesBelow('/proc/thread-self'), ...guessed])
  return [...names, ...tasks.flatMap((task) => [...ofTasks].map((name) => `task/${task}/${name}`))]
}

/** Folders of a process hold no folders but these few levels; `task` is taken thread by thread, `net` is the namespace's own. */
function namesBelow(folder: string, depth = 3): string[] {
  return entries(folder).flatMap((entry) => {
    if (!entry.isDirectory()) return [entry.name]
    if (depth === 0 || entry.name === 'task' || entry.name === 'net') return [entry.name]
    return [entry.name, ...namesBelow(join(folder, entry.name), depth - 1).map((name) => join(entry.name, name))]
  })
}

function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

/** `task/7/fd/3` → `/proc/P/task/T/fd/N` */
function patternOf(name: string): string {
  const pattern = name
    .replace(/^task\/\d+/, 'task/T')
    .replace(/\b(fd|fdinfo)\/\d+$/, '$1/N')
    .replace(/map_files\/.*/, 'map_files/R')
  return `/proc/P/${pattern}`
}
