/** The processes of a Pod's other containers, as its shared PID namespace shows them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/**
 * Neither PID 1, which is the pause container's, nor a process of the agent's own mount namespace, which is its container.
 * A process that has ended and waits to be reaped does not count.
 */
export function otherProcesses(proc = '/proc'): number[] {
  const own = mountNamespace(proc, 'self')
  return processNumbers(proc)
    .filter((name) => name !== '1')
    .filter((pid) => {
      const namespace = mountNamespace(proc, pid)
      return namespace !== undefined && namespace !== own && !isZombie(proc, pid)
    })
    .map(Number)
}

/** Of all processes that a procfs shows, as the names of their folders. */
export function processNumbers(proc = '/proc'): string[] {
  return readdirSync(proc).filter((name) => /^[1-9][0-9]*$/.test(name))
}

/** Fields of proc_pid_stat(5) by their numbers there, from the third on: the second, the name, may contain anything, parentheses too. */
export function statFields(pid: number | 'self'): (field: number) => string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fromThird = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (field) => fromThird[field - 3]
}

/** Undefined when the process is gone, or a zombie, which has no namespaces. */
function mountNamespace(proc: string, pid: string): string | undefined {
  try {
    return readlinkSync(`${proc}/${pid}/ns/mnt`)
  } catch {
    return undefined
  }
}

/** proc_pid_stat(5): the state stands after the last parenthesis, since a name may contain one. */
function isZombie(proc: string, pid: string): boolean {
  try {
    const stat = readFileSync(`${proc}/${pid}/stat`, 'latin1')
    return /^\) [ZX]/.test(stat.slice(stat.lastIndexOf(')')))
  } catch {
    return true
  }
}
