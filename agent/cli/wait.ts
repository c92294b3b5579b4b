/** `kernelseal wait`: returns when the agent of this container or service says that protection stands. */

import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { http } from '../kube/http.ts'
import { command } from '../options/command.ts'
import type { NothingLeft, Values } from '../options/table.ts'
import { UsageError } from '../policy/text/problems.ts'
import { askReadySocket, ownPidNamespace, readySocketPath } from '../run/ready-socket.ts'
import { complain, EXIT } from './command.ts'

const TEXT = `Asks the agent until protection stands, over a socket in the /dev of its container or, in a systemd unit,
in the unit's RuntimeDirectory=. It is the startup probe of a Pod's agent, and its postStart hook where Kubernetes has no native
sidecars: no other container starts before it is through. An agent started by hand on a host is asked by its port.`

const OPTIONS = {
  port: {
    value: 'PORT',
    completes: 'nothing',
    help: 'ask http://127.0.0.1:PORT/readyz instead. Any program of the Pod or the host may listen there first',
  },
  timeout: { value: 'SECONDS', completes: 'nothing', default: '60', help: 'when to give up' },
} as const

export const wait = command({
  name: 'wait',
  summary: 'return when the agent is ready',
  usage: '[--port PORT] [--timeout SECONDS]',
  text: TEXT,
  options: OPTIONS,
  exit: '0 when ready, 1 when not in time.',
  run: main,
})

/** Between two questions. */
const PAUSE_MS = 100
/** For one answer: the agent is on this machine. */
const ANSWER_MS = 1000

async function main({ port, timeout, ...left }: Values<typeof OPTIONS>): Promise<number> {
  left satisfies NothingLeft
  const path = readySocketPath(ownPidNamespace())
  const url = port === undefined ? '' : `http://127.0.0.1:${whole('port', port, 65535)}/readyz`
  const ask = (): Promise<string> => (url ? askPort(url) : askReadySocket(path))
  const end = Date.now() + whole('timeout', timeout, 3600) * 1000
  let last = ''
  do {
    last = await ask()
    if (last === '') return EXIT.ok
    await sleep(PAUSE_MS)
  } while (Date.now() < end)
  complain(`\`${url || path}\` was not ready within ${timeout} s: ${last}`)
  return EXIT.failed
}

/** @returns why it is not ready; '' when it is */
async function askPort(url: string): Promise<string> {
  try {
    // Not `fetch`, which refuses some ports outright (fetch.spec.whatwg.org, "bad port").
    const asking = http.get(url, { agent: false, signal: AbortSignal.timeout(ANSWER_MS) })
    const [response] = (await once(asking, 'response')) as [IncomingMessage]
    const answer = await text(response)
    return response.statusCode === 200 ? '' : `status ${response.statusCode}: ${answer.trim().slice(0, 500)}`
  } catch (error) {
    return (error as Error).message
  }
}

function whole(name: string, given: string, max: number): number {
  const value = Number(given)
  if (/^[0-9]+$/.test(given) && value >= 1 && value <= max) return value
  throw new UsageError(`--${name} is a whole number, 1 to ${max}, not \`${given}\``)
}
