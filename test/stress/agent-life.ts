/** Lives of a Pod's agent, in a control group with the memory that a sidecar has, and the ways in which they end. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../support/agent-under-test.ts'

/** Under emulation a start takes ten seconds, beside other work longer. */
export const LONGEST_MS = 180_000
/** As the webhook gives it to a sidecar (webhook/settings). */
const MEMORY_LIMIT = 128 << 20
const CONNECTIONS = 200
const PORT = 19_460
const POD = '/sys/fs/cgroup/stressed-pod'
const GROUP = join(POD, 'agent')
const inGroup = (file: string): string => join(GROUP, file)

export const ENDS = ['killed', 'out of memory', 'port taken', 'flooded'] as const
export type End = (typeof ENDS)[number]

export interface Life {
  readonly stands: () => boolean
  /** Returns when its protection stands. @throws with its log */
  readonly standing: () => Promise<void>
  /** Kills all that is in its group. */
  readonly end: () => Promise<void>
}

export function makeGroup(): void {
  writeFileSync('/sys/fs/cgroup/cgroup.subtree_control', '+memory')
  mkdirSync(GROUP, { recursive: true })
  writeFileSync(join(POD, 'cgroup.subtree_control'), '+memory')
  writeFileSync(inGroup('memory.max'), String(MEMORY_LIMIT))
}

export function killGroup(): void {
  if (existsSync(GROUP)) writeFileSync(inGroup('cgroup.kill'), '1')
}

/** Processes of the group that the kernel has ended for want of memory, so far. */
export const outOfMemory = (): number =>
  Number(/^oom_kill (\d+)$/m.exec(readFileSync(inGroup('memory.events'), 'latin1'))?.[1])

/** @param agent a program that starts the agent's container, and its arguments */
export async function startLife(agent: readonly string[], env: Readonly<Record<string, string>>): Promise<Life> {
  const words = ['-c', 'echo $$ >"$0" && exec "$@"', inGroup('cgroup.procs'), ...agent, '--metrics-port', String(PORT)]
  const child = spawn('/bin/sh', words, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let isOver = false
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  child.once('close', () => (isOver = true))
  await eventually('it is in its group', () => readFileSync(inGroup('cgroup.procs'), 'latin1') !== '', LONGEST_MS)
  const stands = (): boolean => output.includes('protection stands')
  return {
    stands,
    standing: async () => {
      await eventually('protection, or an end', () => isOver || stands(), LONGEST_MS).catch(() => {})
      if (!stands()) throw new Error(`no protection:\n${output}`)
    },
    end: async () => {
      killGroup()
      await eventually('its end', () => isOver, LONGEST_MS)
    },
  }
}

/** One life that ends so. @param longest ms until then */
export async function liveUntil(end: End, longest: number, start: () => Promise<Life>): Promise<Life> {
  const taken = end === 'port taken' ? createServer((socket) => socket.destroy()).listen(PORT) : undefined
  const life = await start()
  await sleep(Math.random() * longest)
  const sockets = end === 'flooded' ? flood() : []
  if (end === 'flooded') await sleep(Math.random() * 2_000)
  if (end === 'out of memory') await runOut()
  await life.end()
  for (const socket of sockets) socket.destroy()
  taken?.close()
  return life
}

function flood() {
  return Array.from({ length: CONNECTIONS }, () => {
    const socket = connect(PORT, '127.0.0.1')
    socket.on('error', () => {}) // there may be no agent, and it may close them
    socket.write('GET /metrics HTTP/1.1\r\n') // and never the rest
    return socket
  })
}

/** The kernel ends it, since its group has no memory left. */
async function runOut(): Promise<void> {
  const before = outOfMemory()
  writeFileSync(inGroup('memory.max'), '1048576')
  await eventually('the kernel ends it', () => outOfMemory() > before, LONGEST_MS)
  writeFileSync(inGroup('memory.max'), String(MEMORY_LIMIT))
}
