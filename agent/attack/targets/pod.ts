/**
 * A PID namespace like a Pod's. Processes enter it from outside, into a mount namespace of their own, as a runtime
 * brings a container's entrypoint. By unshare(1) and nsenter(1) of util-linux: they have one thread, and leave
 * nothing behind.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { Impossible } from '../attempt.ts'
import { executed, type LaunchSpec, until } from '../runner/launch.ts'
import type { Canary } from './canary.ts'

export interface Pod {
  /** Before a command: makes it the first process of a new container. */
  readonly enter: readonly string[]
  /** The same, with a /proc that shows the Pod. */
  readonly enterWithProc: readonly string[]
  /** Ends everything in it, and its scope with it. */
  close(): Promise<void>
}

/** @throws Impossible without the programs it takes */
export async function startPod(): Promise<Pod> {
  for (const tool of ['unshare', 'nsenter', 'mount']) {
    if (spawnSync(tool, ['--version']).error) throw new Impossible(`there is no \`${tool}\` here`)
  }
  const command = ['--pid', '--fork', '--kill-child', '/bin/sleep', '3600']
  const unshare = spawn('unshare', command, { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => unshare.once('exit', () => resolve()))
  const close = async () => {
    // Its init first: unshare(1) waits for that, and by its own end everything in the Pod has ended.
    const init = running(unshare, false) ? childOf(unshare.pid!) : undefined
    if (init === undefined) unshare.kill('SIGKILL')
    else process.kill(init, 'SIGKILL')
    await ended
  }
  await until('the init of a PID namespace', () => running(unshare) && executedChild(unshare, ['/bin/sleep', '3600']))
  const enter = ['unshare', '--mount', '--', 'nsenter', `--pid=/proc/${childOf(unshare.pid!)}/ns/pid`, '--']
  const script = 'mount -t proc proc /proc && exec "$@"'
  return { enter, enterWithProc: [...enter, '/bin/sh', '-c', script, 'sh'], close }
}

/** The entrypoint of a new container. */
export async function startInPod({ enter }: Pod, spec: LaunchSpec, needle: Buffer): Promise<Canary> {
  const [command = '', ...args] = [...enter, ...spec.argv]
  const child = spawn(command, args, { env: spec.env, cwd: '/', stdio: ['ignore', 'ignore', 'inherit'] })
  await until(`start of \`${spec.argv[0]}\` in a Pod`, () => running(child) && executedChild(child, spec.argv))
  const pid = childOf(child.pid!)!
  const close = async () => {
    if (!running(child, false)) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    process.kill(pid, 'SIGKILL')
    child.kill('SIGCONT') // nsenter(1) stops along with a program that an agent stopped for its values
    await ended
  }
  return { pid, target: { pid, needle, start: spec }, close }
}

/** The only child of a process that waits for it; undefined while there is none. */
export function childOf(pid: number): number | undefined {
  const [thread = ''] = readdirSync(`/proc/${pid}/task`)
  const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').trim()
  return children === '' ? undefined : Number(children.split(' ')[0])
}

function executedChild({ pid }: ChildProcess, argv: readonly string[]): boolean {
  const child = childOf(pid!)
  return child !== undefined && executed(child, argv)
}

function running({ exitCode, signalCode, spawnfile }: ChildProcess, required = true): boolean {
  if (exitCode === null && signalCode === null) return true
  if (required) throw new Error(`\`${spawnfile}\` ended at its start: ${signalCode ?? `status ${exitCode}`}`)
  return false
}
