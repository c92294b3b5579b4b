/** A PID namespace with the agent in it, as a Pod has them, and programs started in it as a runtime starts a container's entrypoint. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endpointOn } from '../../../agent/attack/runner/endpoint.ts'
import { unpinSet } from '../../../agent/node/pin-set.ts'
import * as pins from '../../../agent/node/pins.ts'
import { ANNOTATIONS } from './places.ts'

const MAIN = join(import.meta.dirname, '../../../agent/main.ts')
const PORT = 19_191
/** Under emulation; natively a second. */
const LONGEST_MS = 120_000

export interface Pod {
  /** The words before a command, so that it is the entrypoint of a container of its own. */
  readonly enter: readonly string[]
  startAgent(): Promise<BenchAgent>
}

export interface BenchAgent {
  /** Nothing of it runs while `body` does: its work is on another processor than the measurement. */
  paused<T>(body: () => T): Promise<T>
  metric(name: string): Promise<number>
  info(label: string): Promise<string>
  /** Ends it, and takes the programs away. */
  stop(): Promise<void>
}

export async function startPod(): Promise<Pod> {
  const unshare = spawn('unshare', ['--pid', '--fork', '--kill-child', 'sleep', 'infinity'], { stdio: 'ignore' })
  const init = await eventually('the init of the PID namespace', () => childOf(unshare.pid!))
  await eventually('its program', () => readFileSync(`/proc/${init}/comm`, 'latin1') === 'sleep\n')
  const enter = ['unshare', '--mount', '--', 'nsenter', `--pid=/proc/${init}/ns/pid`, '--']
  return { enter, startAgent: () => startAgent(enter) }
}

async function startAgent(enter: readonly string[]): Promise<BenchAgent> {
  const options = [
    'run',
    ...['--annotations', ANNOTATIONS, '--allow-literal'],
    ...['--metrics-port', String(PORT), '--log-format', 'json'],
  ]
  const script = 'mount -t proc proc /proc && exec "$@"'
  const [command = '', ...rest] = [...enter, 'sh', '-c', script, 'sh', process.execPath, MAIN, ...options]
  const child = spawn(command, rest, { stdio: ['ignore', 'ignore', 'inherit'] })
  const endpoint = endpointOn(PORT)
  await eventually('the agent', () => child.exitCode !== null || endpoint.ready())
  if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}`)
  const pid = childOf(child.pid!)!
  return {
    paused: (body) => paused(child.pid!, pid, body),
    metric: endpoint.metric,
    info: async (label) => (await endpoint.info(label)) ?? 'unknown',
    stop: () => stop(child, pid),
  }
}

/** It reads the records that came meanwhile when it goes on, and the next measurement waits for that. */
async function paused<T>(nsenter: number, pid: number, body: () => T): Promise<T> {
  process.kill(pid, 'SIGSTOP')
  try {
    return body()
  } finally {
    process.kill(pid, 'SIGCONT')
    process.kill(nsenter, 'SIGCONT') // it stops along with its child (util-linux, continue_as_child), and would not see its end
    for (let before = -1; before !== ticksOf(pid); await sleep(150)) before = ticksOf(pid)
  }
}

/** utime and stime, fields 14 and 15 of proc_pid_stat(5). */
function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[14 - 3]) + Number(fields[15 - 3])
}

async function stop(child: ChildProcess, pid: number): Promise<void> {
  const ended = once(child, 'exit')
  process.kill(pid, 'SIGTERM')
  await ended
  await pins.withLock(unpinSet)
  await eventually('the end of the programs', () => programs().length === 0)
}

/** Names of the programs of ours that are loaded. */
export function programs(): string[] {
  const { stdout } = spawnSync('bpftool', ['--json', 'prog', 'show'], { encoding: 'utf8', maxBuffer: 1 << 24 })
  const all = JSON.parse(stdout) as { name?: string }[]
  return all.flatMap(({ name }) =>
    name !== undefined && /^(guard|record|deliver|unlooped|monitor|perf)_/.test(name) ? name : [],
  )
}

function childOf(pid: number): number | undefined {
  const [task = ''] = readdirSync(`/proc/${pid}/task`)
  const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').trim()
  return children === '' ? undefined : Number(children.split(' ')[0])
}

async function eventually<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (const deadline = Date.now() + LONGEST_MS; Date.now() < deadline; await sleep(50)) {
    const value = await condition()
    if (value) return value
  }
  throw new Error(`${what}: not within ${LONGEST_MS / 1000} s`)
}
