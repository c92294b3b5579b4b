/** The processes of a Pod's other containers, as its shared PID namespace shows them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** include/linux/sched.h: it was forked and has executed nothing since. */
const PF_FORKNOEXEC = 0x40

/** The numbers of fields in proc_pid_stat(5). */
const STATE = 3
const PARENT = 4
const FLAGS = 9

/**
 * Neither PID 1, which is the pause container's, nor a process of the agent's own mount namespace, which is its container.
 * A process that has ended and waits to be reaped does not count, and neither does a runtime's that is on its way into
 * a container: the kernel refuses the Pod to look at it (judge_starting), the agent too, and reports that as an attack.
 */
export function otherProcesses(proc = '/proc'): number[] {
  const own = mountNamespace(proc, 'self')
  return processNumbers(proc)
    .filter((name) => name !== '1' && isRunning(proc, name))
    .filter((pid) => {
      const namespace = mountNamespace(proc, pid)
      return namespace !== undefined && namespace !== own
    })
    .map(Number)
}

/** That a process once executed something stays true, so nothing is lost between this and a look at its namespaces. */
function isRunning(proc: string, pid: string): boolean {
  try {
    const field = statFields(pid, proc)
    return !/[ZX]/.test(field(STATE) ?? 'X') && !isOnItsWay(field)
  } catch {
    return false // it has ended
  }
}

/** A runtime's process joins the PID namespace from outside, where its parent has no number, and then executes the entrypoint. */
const isOnItsWay = (field: (number: number) => string | undefined): boolean =>
  field(PARENT) === '0' && (Number(field(FLAGS)) & PF_FORKNOEXEC) !== 0

/** Of all processes that a procfs shows, as the names of their folders. */
export function processNumbers(proc = '/proc'): string[] {
  return readdirSync(proc).filter((name) => /^[1-9][0-9]*$/.test(name))
}

/** Fields of proc_pid_stat(5) by their numbers there, from the third on: the second, the name, may contain anything, parentheses too. */
export function statFields(pid: number | string, proc = '/proc'): (field: number) => string | undefined {
  const stat = readFileSync(`${proc}/${pid}/stat`, 'latin1')
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
