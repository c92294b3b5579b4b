/** A limit of memory as a container has it: a control group, of either version, where this machine lets us make one. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface MemoryBox {
  /** Ends the process that asks for more, as the container's does. */
  readonly limitedBy: string
  /** Shell text: the process that runs it is inside from then on. */
  readonly enter: string
  /** How often a process was ended for want of memory. */
  readonly kills: () => number
  /** Once it is empty. */
  readonly remove: () => void
}

interface Version {
  readonly root: string
  readonly limit: string
  readonly events: string
}

/** admin-guide/cgroup-v2 and admin-guide/cgroup-v1/memory of the kernel's documentation. */
const VERSIONS: readonly Version[] = [
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', events: 'memory.oom_control' },
  { root: '/sys/fs/cgroup', limit: 'memory.max', events: 'memory.events' },
]

/** @param bytes the limit @returns undefined where no control group can be had: the caller watches resident memory then */
export function openMemoryBox(name: string, bytes: number): MemoryBox | undefined {
  for (const version of VERSIONS) {
    const box = openIn(version, name, bytes)
    if (box !== undefined) return box
  }
  return undefined
}

function openIn({ root, limit, events }: Version, name: string, bytes: number): MemoryBox | undefined {
  const folder = join(root, name)
  try {
    mkdirSync(folder)
  } catch {
    return undefined
  }
  const remove = () => rmdirSync(folder)
  // Version 2 offers the file only where its parent hands the controller on.
  if (!existsSync(join(folder, limit))) {
    remove()
    return undefined
  }
  writeFileSync(join(folder, limit), `${bytes}`)
  const kills = () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(folder, events), 'utf8'))?.[1] ?? 0)
  return { limitedBy: `${limit} of ${bytes} bytes`, enter: `echo $$ >${folder}/cgroup.procs`, kills, remove }
}
