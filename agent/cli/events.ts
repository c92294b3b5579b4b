/** `kernelseal events`: past and coming events of this host's agents. */

import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { stateDirectory } from '../config/nonce.ts'
import { FEED_SOCKET, LIVE, type Told } from '../events/feed.ts'
import { command } from '../options/command.ts'
import type { NothingLeft, Values } from '../options/table.ts'
import { UsageError } from '../policy/text/problems.ts'
import { complain, EXIT } from './command.ts'

const TEXT = `Prints the last few hundred events of this host's agents, and with --follow each new one until they end. Only for
the user they run as, root. An agent in a Pod writes the same to its log: kubectl logs POD -c kernelseal-agent.`

const OPTIONS = {
  follow: { help: 'stay, and print new events' },
  json: { help: 'one JSON object a line' },
  scope: { value: 'NUMBER', completes: 'nothing', help: "only this scope's, as 'kernelseal status' names it" },
} as const

export const events = command({
  name: 'events',
  summary: "events of this host's agents",
  usage: '[--follow] [--json] [--scope NUMBER]',
  text: TEXT,
  options: OPTIONS,
  exit: '0 when an agent answered, 1 when none does here.',
  run: main,
})

async function main({ follow, json, scope, ...left }: Values<typeof OPTIONS>): Promise<number> {
  left satisfies NothingLeft
  if (scope !== undefined && !/^\d+$/.test(scope)) throw new UsageError(`--scope is a number, not \`${scope}\``)
  endWithReader()
  const form = json ? (line: string) => line : readable
  const paths = socketsOf(scope)
  const feeds = (await Promise.all(paths.map(opened))).filter((feed) => feed !== undefined)
  if (!feeds.length) {
    complain(`no agent${scope ? ` of scope ${scope}` : ''} tells its events in \`${stateDirectory()}\`: start one with
\`kernelseal run --config FILE\`; in a Pod, ask \`kubectl logs POD -c kernelseal-agent\``)
    return EXIT.failed
  }
  const recent = feeds.flatMap(({ recent }) => recent)
  for (const line of recent.toSorted(byTime)) process.stdout.write(`${form(line)}\n`)
  await Promise.all(
    feeds.map((feed) => (follow ? feed.follow((line) => process.stdout.write(`${form(line)}\n`)) : feed.end())),
  )
  return EXIT.ok
}

/** The replayed lines of all agents, oldest first. @throws Error where they may not be read */
export async function recentEvents(): Promise<string[]> {
  const feeds = (await Promise.all(socketsOf(undefined).map(opened))).filter((feed) => feed !== undefined)
  for (const feed of feeds) feed.end()
  return feeds.flatMap(({ recent }) => recent).toSorted(byTime)
}

/** `kernelseal events | head` is no failure. */
function endWithReader(): void {
  process.stdout.on('error', () => process.exit(EXIT.ok))
}

function socketsOf(scope: string | undefined): string[] {
  try {
    const names = readdirSync(stateDirectory()).filter((name) => FEED_SOCKET.test(name))
    const wanted = names.filter((name) => scope === undefined || FEED_SOCKET.exec(name)?.[1] === scope)
    return wanted.map((name) => join(stateDirectory(), name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new Error(`cannot look into \`${stateDirectory()}\`: ${(error as Error).message}; be root`)
  }
}

interface OpenFeed {
  /** Lines replayed. */
  readonly recent: readonly string[]
  /** Each line from now on, until the agent ends. */
  readonly follow: (onLine: (line: string) => void) => Promise<void>
  readonly end: () => void
}

/** Undefined for a socket without a listener: an agent that was killed leaves its socket. */
function opened(path: string): Promise<OpenFeed | undefined> {
  const socket = connect(path)
  return new Promise((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') return resolve(undefined)
      reject(new Error(`cannot read the events at \`${path}\`: ${error.message}; be root`))
    })
    socket.once('close', () => resolve(undefined))
    readTo(socket, resolve)
  })
}

/** @param live called once all that was replayed has been read */
function readTo(socket: Socket, live: (feed: OpenFeed) => void): void {
  const recent: string[] = []
  const later: string[] = []
  let take = (line: string): void => void recent.push(line)
  const follow = async (onLine: (line: string) => void): Promise<void> => {
    for (const line of later.splice(0)) onLine(line)
    take = onLine
    if (!socket.closed) await once(socket, 'close')
  }
  const lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })
  lines.on('error', () => {}) // the socket's own, once more
  lines.on('line', (line) => {
    if (line !== LIVE) return take(line)
    take = (next) => void later.push(next)
    live({ recent, follow, end: () => socket.destroy() })
  })
}

const timeOf = (line: string): string => (JSON.parse(line) as Told).time
const byTime = (a: string, b: string): number => timeOf(a).localeCompare(timeOf(b))

function readable(line: string): string {
  const { time, tag, msg } = JSON.parse(line) as Told
  return `${time} [${tag}] ${msg}`
}
