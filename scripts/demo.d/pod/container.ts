/** One container on this machine: its bundle, and runc to create, enter and end it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ociConfig } from './bundle.ts'

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ExecOptions {
  readonly input?: string
  /** Differences from the process the container was started with, for example fewer capabilities. */
  readonly process?: Readonly<Record<string, unknown>>
}

export interface RunningContainer {
  /** Of its first process, on the machine. */
  readonly pid: number
  /** The same process's number in the Pod. */
  readonly podPid: number
  /** Its root file system, and of that the layer it has written itself. */
  readonly rootfs: string
  readonly upper: string
  /** Its mountinfo (proc_pid_mountinfo(5)) before its program started: of an agent that runs it is refused. */
  readonly mounts: string
  /** `runc exec`, as `kubectl exec` ends in it. */
  readonly exec: (args: readonly string[], options?: ExecOptions) => Ended
  readonly log: () => string
  readonly running: () => boolean
  readonly signal: (name: 'TERM' | 'KILL') => void
  /** Ends its running processes and removes its root file system. */
  readonly remove: () => void
}

/** @param id unique on this machine @param folder empty, on a writable file system @param image its root file system */
export function startContainer(
  id: string,
  folder: string,
  config: ReturnType<typeof ociConfig>,
  image = '/',
): RunningContainer {
  const rootfs = makeRoot(folder, image)
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  const logFile = join(folder, 'log')
  const output = openSync(logFile, 'a')
  // `create` hands its own streams on to the container's process.
  const created = spawnSync('runc', ['create', '--bundle', folder, id], { stdio: ['ignore', output, output] })
  closeSync(output)
  const log = () => readFileSync(logFile, 'utf8')
  if (created.status !== 0) throw new Error(`runc create ${id}: ${created.error?.message ?? log()}`)
  const { pid } = JSON.parse(runc('state', id)) as { pid: number }
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
  runc('start', id)
  return {
    pid,
    podPid: podPidOf(pid),
    rootfs,
    upper: join(folder, 'upper'),
    mounts,
    exec: (args, options) => enter(id, folder, { ...config.process, args, ...options?.process }, options?.input),
    log,
    running: () => (JSON.parse(runc('state', id)) as { status: string }).status === 'running',
    signal: (name) => runc('kill', id, name),
    remove: () => {
      runc('delete', '--force', id)
      execFileSync('umount', ['--lazy', rootfs])
    },
  }
}

/** The image's files under a layer of memory. Of the machine's own, other mounts, such as /work, are not part of it. */
function makeRoot(folder: string, image: string): string {
  const [upper, work, rootfs] = ['upper', 'work', 'rootfs'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  for (const path of [upper, work, rootfs]) mkdirSync(path, { recursive: true })
  const options = `lowerdir=${image},upperdir=${upper},workdir=${work}`
  execFileSync('mount', ['-t', 'overlay', '-o', options, 'container', rootfs])
  return rootfs
}

function enter(id: string, folder: string, process: object, input = ''): Ended {
  const file = join(folder, 'exec.json')
  writeFileSync(file, JSON.stringify(process))
  const { status, stdout, stderr } = spawnSync('runc', ['exec', '--process', file, id], { input, encoding: 'utf8' })
  return { status, stdout, stderr }
}

/** Last of `NSpid`: the number in the innermost PID namespace (proc_pid_status(5)). */
function podPidOf(pid: number): number {
  const line = /^NSpid:(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? ''
  return Number(line.trim().split(/\s+/).at(-1))
}

const runc = (...args: string[]): string =>
  execFileSync('runc', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
