/** The real agent as a child process, on a policy that binds the canary program: `kernelseal run`, as users start it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { RUNTIME_OPTIONS } from '../../linux/runtime.ts'
import { sys } from '../../linux/syscall.ts'
import { type Endpoint, endpointOn } from '../runner/endpoint.ts'
import { runtimeEnvironment } from '../runner/launch.ts'
import type { AgentForm } from './agent-form.ts'
import { childOf } from './pod.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'main.ts')
/** Natively about 1 s; under emulation on a loaded machine 5.10's verifier takes a minute, and attaching two. One that ends is seen at once. */
const READY_MS = 600_000
/** The agent takes its scope away in milliseconds. */
const STOP_MS = 10_000

export interface AgentProcess {
  readonly pid: number
  /** The text in the program's environment in place of the needle. */
  readonly placeholder: string
  /** Everything it printed. */
  log(): string
  /** One of its metrics, summed over labels. */
  metric(name: string): Promise<number>
  /** Its refusal tier. */
  tier(): Promise<string>
  /** Its delivery tier. */
  delivery(): Promise<string>
  /** SIGTERM; waits for its end. May be called again. */
  close(): Promise<void>
}

/** @throws Error with the agent's output when it does not get ready */
export async function startAgent(form: AgentForm, needle: Buffer): Promise<AgentProcess> {
  const port = await freePort()
  const child = spawnAgent(form, port, needle)
  const output: string[] = []
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => output.push(String(chunk)))
  const log = () => output.join('')
  const endpoint = endpointOn(port)
  const agent = {
    pid: child.pid ?? 0,
    placeholder: form.placeholder,
    log,
    metric: endpoint.metric,
    tier: async () => (await endpoint.info('refusal_tier')) ?? 'unknown',
    delivery: async () => (await endpoint.info('delivery_tier')) ?? 'unknown',
    close: () => stop(child, agent.pid),
  }
  // nsenter(1) waits for the agent, its child. Ended before it, it would leave the agent to the first process of our own namespace,
  // which is this runtime and collects no children of others: the Pod's namespace would never end.
  const findAgent = () => {
    if (form.enter.length > 0 && !ended(child)) agent.pid = childOf(child.pid!) ?? agent.pid
  }
  try {
    await ready(child, endpoint, log)
    findAgent()
    return agent
  } catch (error) {
    findAgent()
    await agent.close()
    throw error
  }
}

/** The needle travels in a memory file that only the agent keeps: nothing of it is in an environment or on a disk. */
function spawnAgent({ options, enter }: AgentForm, port: number, needle: Buffer): ChildProcess {
  const memory = sys('memfd_create', 'kernelseal-needle', 0)
  try {
    writeSync(memory, needle)
    const { PATH = '', KERNELSEAL_STATE_DIR: state } = process.env
    const env = { PATH, ...runtimeEnvironment(), ...(state !== undefined && { KERNELSEAL_STATE_DIR: state }) }
    const own = [
      process.execPath,
      ...RUNTIME_OPTIONS,
      MAIN,
      'run',
      ...options,
      '--metrics-port',
      String(port),
      '--log-format',
      'json',
    ]
    const [command = '', ...args] = [...enter, ...own]
    return spawn(command, args, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe', memory] })
  } finally {
    closeSync(memory)
  }
}

async function ready(child: ChildProcess, endpoint: Endpoint, log: () => string): Promise<void> {
  const deadline = Date.now() + READY_MS
  for (; Date.now() < deadline; await delay(50)) {
    if (ended(child)) throw new Error(`the agent ended before it was ready:\n${log()}`)
    if (await endpoint.ready()) return
  }
  const remedy = 'where its output shows no error, the machine was too busy: let its other work end, then try again'
  throw new Error(`the agent was not ready within ${READY_MS / 1000} s; ${remedy}:\n${log()}`)
}

async function stop(child: ChildProcess, pid: number): Promise<void> {
  if (child.pid === undefined || ended(child)) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  process.kill(pid, 'SIGTERM')
  const late = setTimeout(() => {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {} // it has ended just now, and its parent is about to
  }, STOP_MS)
  await gone
  clearTimeout(late)
}

function ended({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** Free a moment ago: nothing holds it until the agent listens, and an agent that cannot listen ends and says so. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
