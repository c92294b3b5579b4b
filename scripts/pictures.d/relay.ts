/** The newest /metrics page that scripts/demo keeps of its agent, served to Prometheus as the agent would. */
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An older page is of an agent that has ended; an emulated one may be late by a few seconds. */
const FRESH_MS = 15_000

export interface Relay {
  readonly port: number
  readonly close: () => void
}

export async function startRelay(file: string): Promise<Relay> {
  const server = createServer((_, answer) => {
    const page = freshPage(file)
    answer.writeHead(page === undefined ? 503 : 200, { 'content-type': 'text/plain; version=0.0.4' }).end(page)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, close: () => end(server) }
}

function end(server: Server): void {
  server.close()
  server.closeAllConnections() // Prometheus keeps its own open
}

function freshPage(file: string): string | undefined {
  const written = lastPage(file)
  return written !== undefined && Date.now() - written < FRESH_MS ? readFileSync(file, 'utf8') : undefined
}

/** @returns when the newest page came, in milliseconds of Unix time */
export function lastPage(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs
}
