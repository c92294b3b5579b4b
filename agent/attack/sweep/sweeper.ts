/** One attacker's sweep of one target: a process of its own, begun again behind the step that ended it. */
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { Identity } from '../runner/identity.ts'
import { launch, runtimeEnvironment } from '../runner/launch.ts'
import type { Finding, Message, Position, SweepRequest, Tally } from './request.ts'

const PROGRAM = join(import.meta.dirname, 'sweeper-main.ts')
/** From the start to the first word, and from step to step: under emulation on a busy machine a start alone takes a minute. */
const SILENT_MS = 120_000
/** So many processes may end in a sweep; beyond that something else is wrong. */
const MOST_DEATHS = 40

export interface Swept {
  readonly findings: readonly Finding[]
  readonly opened: readonly string[]
  readonly tallies: readonly Tally[]
  /** Steps that ended the sweep's process, or kept it for too long, with how. */
  readonly deaths: readonly string[]
  readonly milliseconds: number
  /** The step after which the target was gone: the sweep has to go on with another one. */
  readonly lost?: { readonly step: string; readonly next: Position }
}

type Listener = (what: string) => void

export async function sweepAs(identity: Identity, request: SweepRequest, onStep: Listener = () => {}): Promise<Swept> {
  const parts: Swept[] = []
  let { from, milliseconds } = request
  for (let deaths = 0; deaths <= MOST_DEATHS; deaths++) {
    const { at, complete, ...part } = await runOnce(identity, { ...request, from, milliseconds }, onStep)
    parts.push(part)
    if (complete || part.lost) return joined(parts)
    if (at === undefined) throw new Error(`no sweep as \`${identity}\`: ${part.deaths.join('; ')}`)
    from = next(at)
    milliseconds -= part.milliseconds
  }
  return joined(parts)
}

/** Parts of one sweep as one; the losses are the last part's. */
export function joined(parts: readonly Swept[]): Swept {
  const { lost } = parts.at(-1) ?? {}
  return {
    findings: parts.flatMap(({ findings }) => findings),
    opened: [...new Set(parts.flatMap(({ opened }) => opened))],
    tallies: parts.flatMap(({ tallies }) => tallies),
    deaths: parts.flatMap(({ deaths }) => deaths),
    milliseconds: parts.reduce((sum, part) => sum + part.milliseconds, 0),
    ...(lost && { lost }),
  }
}

const next = ({ family, step }: Position): Position => ({ family, step: step + 1 })

interface Run extends Swept {
  /** The last step that was begun. */
  readonly at: Position | undefined
  readonly complete: boolean
}

async function runOnce(identity: Identity, request: SweepRequest, onStep: Listener): Promise<Run> {
  const child = launch({ argv: [process.execPath, PROGRAM], env: runtimeEnvironment(), as: identity }, [
    'pipe',
    'pipe',
    'pipe',
  ])
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? `status ${code}`))
  })
  const complaints = text(child.stderr!)
  child.stdin!.on('error', () => {}) // its end tells why
  child.stdin!.end(JSON.stringify(request))
  const watchdog = watch(child)
  const log = newLog(onStep)
  for await (const line of createInterface({ input: child.stdout! })) {
    watchdog.heard()
    log.take(line)
  }
  const status = await ended
  watchdog.stop()
  return log.end(status === 'status 0', `${status} ${lastError(await complaints)}`.trim())
}

function newLog(onStep: Listener) {
  const [findings, opened, tallies]: [Finding[], string[], Tally[]] = [[], [], []]
  let at: Position | undefined
  let label = 'its start'
  let lost: string | undefined
  let began = Date.now()
  const take = (line: string) => {
    const message = parse(line)
    if (message === undefined) return
    if ('at' in message) {
      if (at === undefined) began = Date.now()
      at = message.at
      label = message.label
      onStep(label)
    } else if ('finding' in message) findings.push(message.finding)
    else if ('opened' in message) opened.push(message.opened)
    else if ('tally' in message) tallies.push(message.tally)
    else lost = message.lost
  }
  const end = (complete: boolean, how: string): Run => ({
    ...{ findings, opened, tallies, at, complete, milliseconds: Date.now() - began },
    deaths: complete ? [] : [`${label}: ${how}`],
    ...(lost !== undefined && at && { lost: { step: lost, next: next(at) } }),
  })
  return { take, end }
}

/** A call may have written to the descriptor that this comes from. */
function parse(line: string): Message | undefined {
  try {
    return JSON.parse(line.slice(Math.max(line.indexOf('{'), 0))) as Message
  } catch {
    return undefined
  }
}

function watch(child: ChildProcess): { heard(): void; stop(): void } {
  const arm = () => setTimeout(() => child.kill('SIGKILL'), SILENT_MS)
  let timer = arm()
  return {
    heard: () => {
      clearTimeout(timer)
      timer = arm()
    },
    stop: () => clearTimeout(timer),
  }
}

/** The line of an uncaught error that names it. */
function lastError(complaints: string): string {
  return complaints.split('\n').find((line) => /Error\b.*:/.test(line)) ?? ''
}
