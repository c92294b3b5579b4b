/** The control plane the tests run against: `scripts/cluster run` says where it is. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url))

/** The folder `scripts/cluster` keeps: credentials, logs, the audit log. */
export const STATE = process.env.KERNELSEAL_CLUSTER ?? ''
if (STATE === '') throw new Error('these tests need a control plane: `scripts/test-cluster`, or `scripts/cluster run`')

export const ADDRESS = '10.77.0.1'
export const PORT = 6443
const VERSION = readFileSync(join(STATE, 'version'), 'utf8').trim()
/** 36 of 1.36.3. */
export const MINOR = Number(VERSION.split('.')[1])
/** For tests that say the same of each version: why to leave them out, where scripts/test-cluster ran them on another before. */
const earlier = process.env.KERNELSEAL_CLUSTER_EARLIER ?? ''
export const RAN_BEFORE = earlier !== '' && `the same on each version: ran on ${earlier}`

// biome-ignore lint/suspicious/noExplicitAny: any object of the server
export type Any = any

export interface Answer {
  readonly status: number
  readonly body: Any
  /** Texts of the `Warning` headers (RFC 7234, 5.5). */
  readonly warnings: readonly string[]
}

const file = (name: string) => readFileSync(join(STATE, 'pki', name))
const identity = { ca: file('ca.crt'), cert: file('admin.crt'), key: file('admin.key') }
/** Connections of their own for each, so that the cluster's controllers never queue behind a load. */
const agents = { control: openAgent(), load: openAgent() }

function openAgent(): Agent {
  return new Agent({ ...identity, keepAlive: true, maxSockets: 512 })
}

/** One request as the cluster's administrator; answers of any status are returned. */
export async function call(
  method: string,
  path: string,
  body?: unknown,
  type = 'application/json',
  agent = agents.control,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const text = body === undefined ? '' : JSON.stringify(body)
  // Node leaves the length of a DELETE's body out unless told.
  const headers = { accept: 'application/json', 'content-type': type, 'content-length': Buffer.byteLength(text) }
  const asking = request({ host: ADDRESS, port: PORT, method, path, headers, agent }, async (response) => {
    const answer = await textOf(response).catch(reject)
    // One header each: `headers` would join them to one line.
    const lines = response.headersDistinct.warning ?? []
    const warnings = lines.flatMap((line) => /"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? [])
    resolve({ status: response.statusCode ?? 0, body: parsed(answer ?? ''), warnings })
  })
  asking.on('error', reject)
  asking.end(text)
  return promise
}

function parsed(body: string): Any {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

/** @throws Error unless the server was content */
export async function get(path: string): Promise<Any> {
  return must(await call('GET', path), `GET ${path}`)
}

export async function patch(path: string, body: unknown): Promise<Any> {
  return must(await call('PATCH', path, body, 'application/merge-patch+json'), `PATCH ${path}`)
}

export function must({ status, body }: Answer, what: string): Any {
  if (status < 200 || status > 299) throw new Error(`${what}: ${status} ${JSON.stringify(body)}`)
  return body
}

export interface Ran {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** The control plane's own kubectl. */
export function kubectl(args: readonly string[], input?: string): Promise<Ran> {
  const { promise, resolve } = Promise.withResolvers<Ran>()
  const child = execFile('kubectl', args, { cwd: REPOSITORY, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
    resolve({ status: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, stdout, stderr }),
  )
  child.stdin?.end(input ?? '')
  return promise
}

/** @throws Error with the condition that never came true */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined | false>,
  seconds = 120,
): Promise<Found> {
  const deadline = Date.now() + seconds * 1000
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > deadline) throw new Error(`within ${seconds} s it did not come about that ${what}`)
    await sleep(50)
  }
}

/** A namespace that is ready for Pods: one of that name before it has ended, its default service account is there. */
export async function makeNamespace(name: string, labels: Record<string, string> = {}): Promise<void> {
  await until(`${name} is created`, async () => {
    return (await call('POST', '/api/v1/namespaces', { metadata: { name, labels } })).status === 201
  })
  await until(`${name} has its service account`, async () => {
    return (await call('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`)).status === 200
  })
  // Before 1.24 a token is made for it afterwards, and until the server knows of that it refuses every Pod for now.
  const empty = { metadata: { name: 'first' }, spec: { containers: [{ name: 'app', image: 'app' }] } }
  await until(`${name} takes Pods`, async () => {
    return (await createPod(name, empty, '?dryRun=All')).body?.reason !== 'ServerTimeout'
  })
}

/** Label of namespaces in which the webhook is asked about Pods. */
export const INJECTED = { 'kernelseal.io/injection': 'enabled' }

export const podsOf = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`

export function createPod(namespace: string, pod: Any, query = ''): Promise<Answer> {
  return call('POST', `${podsOf(namespace)}${query}`, pod)
}

/** As `createPod`, under dry run, on the load's connections. */
export function tryPod(namespace: string, pod: Any): Promise<Answer> {
  return call('POST', `${podsOf(namespace)}?dryRun=All`, pod, 'application/json', agents.load)
}
