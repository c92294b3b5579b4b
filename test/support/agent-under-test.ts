/** Starts the real command line in the test VM: an agent on a config, its placeholders, bound programs. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadAgentConfig } from '../../agent/config/load.ts'

export const KERNELSEAL = new URL('../../node_modules/.bin/kernelseal', import.meta.url).pathname

export interface Agent {
  readonly pid: number
  readonly port: number
  /** Path of its config file, or annotations. */
  readonly config: string
  /** `NAME` → placeholder, as `kernelseal env` prints them. */
  readonly placeholders: Readonly<Record<string, string>>
  /** Everything the agent printed so far. */
  readonly log: () => string
  /** The log's lines, parsed. */
  readonly events: () => Record<string, unknown>[]
  readonly metric: (name: string) => Promise<number>
  /** SIGTERM, and the exit status. */
  readonly stop: () => Promise<number>
}

export interface AgentOptions {
  /** Text of a config file, or path of a Pod's annotations as the downward API writes them: one of them. */
  readonly config?: string
  readonly annotations?: string
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  /** The command, for example that of another version. */
  readonly program?: string
  /** `dropped`: its log goes nowhere, since it would be too much to hold. */
  readonly log?: 'kept' | 'dropped'
  /** Longest time until it is ready, where many start at once. */
  readonly readyMs?: number
}

let nextPort = 19090

/** Returns when /readyz says that protection stands. @throws with the agent's output when it ends before */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { config, annotations, env = {}, args = [], program = KERNELSEAL } = options
  const source = annotations === undefined ? { config: writeConfig(config ?? '') } : { annotations }
  const [[option, path]] = Object.entries(source) as [[string, string]]
  const port = nextPort++
  const child = spawn(
    program,
    ['run', `--${option}`, path, '--metrics-port', String(port), '--log-format', 'json', ...args],
    { env: { ...process.env, ...env }, stdio: ['ignore', options.log === 'dropped' ? 'ignore' : 'pipe', 'pipe'] },
  )
  const output: string[] = []
  child.stdout?.on('data', (chunk) => output.push(String(chunk)))
  child.stderr?.on('data', (chunk) => output.push(String(chunk)))
  const log = (): string => output.join('')
  await ready(child, port, log, options.readyMs ?? READY_MS)
  return {
    pid: child.pid as number,
    port,
    config: path,
    placeholders: placeholdersOf(source),
    log,
    events: () => parseLines(log()),
    metric: (name) => readMetric(port, name),
    stop: () => stop(child),
  }
}

export function writeConfig(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'kernelseal-')), 'config.yaml')
  writeFileSync(path, text)
  return path
}

/** As the downward API writes a Pod's annotations. @returns its path */
export function writeAnnotations(annotations: Readonly<Record<string, string>>): string {
  const path = join(mkdtempSync(join(tmpdir(), 'kernelseal-pod-')), 'annotations')
  writeFileSync(
    path,
    Object.entries(annotations)
      .map(([key, value]) => `${key}=${JSON.stringify(value)}\n`)
      .join(''),
  )
  return path
}

/** Runs the command line to its end. */
export function kernelseal(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const done = spawnSync(KERNELSEAL, args, { env: { ...process.env, ...env }, encoding: 'utf8', timeout: 60_000 })
  return { status: done.status, stdout: done.stdout, stderr: done.stderr }
}

/** Natively about 1 s, under emulation 8; the first start of a busy machine reads every file once. */
const READY_MS = 180_000
/** Characters: one that runs may have logged megabytes. */
const LOG_SHOWN = 20_000

async function ready(child: ChildProcess, port: number, log: () => string, longest: number): Promise<void> {
  const begun = Date.now()
  const deadline = begun + longest
  let isClosed = false // ended, and its output read
  child.once('close', () => {
    isClosed = true
  })
  while (Date.now() < deadline) {
    if (isClosed)
      throw new Error(`the agent ended with ${child.exitCode ?? child.signalCode}:\n${log().slice(0, LOG_SHOWN)}`)
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
    if (answer?.status === 200) return
    await sleep(Math.max(100, (Date.now() - begun) / 20)) // among fifty that start, asking is work too
  }
  child.kill('SIGKILL') // else it would stand in the way of the next one
  throw new Error(`the agent is not ready after ${longest / 1000} s:\n${log().slice(0, LOG_SHOWN)}`)
}

/** In this process: the command line for it is a test of its own, and each start of it takes seconds under emulation. */
export const placeholdersOf = (source: Parameters<typeof loadAgentConfig>[0]): Record<string, string> =>
  Object.fromEntries(loadAgentConfig(source).variables.map(({ name, placeholder }) => [name, placeholder]))

const parseLines = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line))

async function readMetric(port: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const line = text.split('\n').find((l) => l.startsWith(`${name} `) || l.startsWith(`${name}{`))
  return Number(line?.split(' ').at(-1) ?? Number.NaN)
}

function stop(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code ?? -1))
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode ?? -1)
    child.kill('SIGTERM')
  })
}

/** A policy, and a program that prints the value of SOURCE. @param policy its keys, in one line */
export const printerConfig = (policy: string): string => `
version: v1
policy: { ${policy} }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs: [{ name: PRINTED, source: { envRef: SOURCE } }]
`

/** Waits until `condition` gives something, for so long as nothing takes that works: unloading waits for grace periods, which emulation makes long. */
export async function eventually<T>(
  what: string,
  condition: () => T | undefined | false,
  longest = 120_000,
): Promise<T> {
  const deadline = Date.now() + longest
  while (Date.now() < deadline) {
    const value = condition()
    if (value) return value
    await sleep(50)
  }
  throw new Error(`it did not happen within ${longest / 1000} s: ${what}`)
}

/** The environment a process reads in its own memory, by the kernel's word: its `/proc/self/environ`. */
export function environOf(pid: number): string {
  return readFileSync(`/proc/${pid}/environ`, 'latin1')
}
