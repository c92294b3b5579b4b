/** A Kubernetes Event about our Pod (core/v1), and its one POST. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { https } from './http.ts'
import type { OwnPod } from './pod.ts'

export interface Occurrence {
  /** `SecretAccessBlocked`, ... */
  readonly reason: string
  readonly message: string
  /** Of the first and the last one, milliseconds since 1970. */
  readonly first: number
  readonly last: number
  readonly count: number
}

/** The API server's limit (k8s.io/kubernetes, pkg/apis/core/validation). */
const MOST_MESSAGE = 1024
const MOST_NAME = 253

export function eventOf(pod: OwnPod, { reason, message, first, last, count }: Occurrence) {
  const unique = randomBytes(8).toString('hex')
  const prefix = pod.name.slice(0, MOST_NAME - unique.length - 1).replace(/[-.]+$/, '')
  const { name, namespace, uid } = pod
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${prefix}.${unique}`, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
    type: 'Warning',
    reason,
    message: message.slice(0, MOST_MESSAGE),
    source: { component: 'kernelseal-agent' },
    reportingComponent: 'kernelseal.io/agent',
    reportingInstance: name,
    firstTimestamp: seconds(first),
    lastTimestamp: seconds(last),
    count,
  }
}

/** metav1.Time has whole seconds. */
const seconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

/** For the whole call: the server is in this cluster, and no other work waits for it. */
const CALL_MS = 5_000
/** Characters kept of a server's text in a refusal. */
const MOST_ANSWER = 300

export interface Answer {
  readonly status: number
  /** The server's own words, when it refused. */
  readonly message: string
}

/** @throws the errors of files or of the connection */
export async function postEvent(pod: OwnPod, event: ReturnType<typeof eventOf>): Promise<Answer> {
  const [token, ca] = await Promise.all([readFile(pod.tokenFile, 'utf8'), readFile(pod.caFile)])
  const url = new URL(`/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/events`, pod.server)
  const headers = { authorization: `Bearer ${token.trim()}`, 'content-type': 'application/json' }
  const asking = https().request(url, {
    method: 'POST',
    headers,
    ca,
    agent: false,
    signal: AbortSignal.timeout(CALL_MS),
  })
  asking.end(JSON.stringify(event))
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  const body = await text(response)
  const status = response.statusCode ?? 0
  return { status, message: status < 300 ? '' : wordsOf(body) }
}

function wordsOf(body: string): string {
  try {
    return String((JSON.parse(body) as { message?: unknown }).message).slice(0, MOST_ANSWER)
  } catch {
    return body.slice(0, MOST_ANSWER)
  }
}
