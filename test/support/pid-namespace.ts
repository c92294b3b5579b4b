/** A PID namespace as a Pod's: with an init that does nothing, entered from outside as a runtime does. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { eventually } from './agent-under-test.ts'

export interface PidNamespace {
  /** Its init, seen from outside. */
  readonly init: number
  /** Options that make an agent that of this namespace. */
  readonly args: readonly string[]
  /** Before a command: makes it the first process of a new container. */
  readonly enter: readonly string[]
  /** Runs a command in it, as a container of its own, to its end. */
  readonly run: (command: readonly string[], env?: Readonly<Record<string, string>>) => Ran
  /** Ends it, with all that is in it. */
  readonly end: () => Promise<void>
}

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Where fifty agents start at once, a process waits for its turn. */
const LONGEST_MS = 300_000

const IDLE = ['/usr/bin/tail', '-f', '/dev/null']

/** Ends at the latest with the machine of the test. */
export async function pidNamespace(idle: readonly string[] = IDLE): Promise<PidNamespace> {
  const outer = spawn('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', ...idle], { stdio: 'ignore' })
  const children = `/proc/${outer.pid}/task/${outer.pid}/children`
  const init = await eventually('the namespace', () => Number(readFileSync(children, 'latin1').trim()), LONGEST_MS)
  const enter = ['unshare', '--mount', 'nsenter', '--target', String(init), '--pid']
  const run: PidNamespace['run'] = (command, env = {}) => {
    const [program = '', ...args] = [...enter, ...command]
    return spawnSync(program, args, { env, encoding: 'latin1', timeout: LONGEST_MS })
  }
  const end = async (): Promise<void> => {
    process.kill(init, 'SIGKILL')
    await eventually('its end', () => !existsSync(`/proc/${init}`), LONGEST_MS)
  }
  return { init, args: ['--pid-namespace', `/proc/${init}/ns/pid`], enter, run, end }
}
