/** The real webhook on loopback, over TLS, and a client that trusts nothing but its CA, as the API server does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { json } from 'node:stream/consumers'
import { AGENT_IMAGE } from './images.ts'
import type { Pod } from './pod/spec.ts'

export interface Webhook {
  readonly url: string
  readonly metricsPort: number
  /** @returns the webhook's answer, a refusal too */
  readonly ask: (pod: Pod) => Promise<Response>
  /** @returns the patch, RFC 6902 @throws when the Pod is refused */
  readonly review: (pod: Pod) => Promise<readonly Operation[]>
  readonly stop: () => Promise<void>
}

export interface Operation {
  readonly op: 'add' | 'replace'
  readonly path: string
  readonly value: unknown
}

const PROGRAM = join(import.meta.dirname, '../../webhook/main.ts')

/** @param directory where the CA is written */
export async function startWebhook(directory: string): Promise<Webhook> {
  const caFile = join(directory, 'ca.pem')
  const addresses = ['--host', '127.0.0.1', '--port', '0', '--metrics-port', '0', '--dns-names', 'localhost,127.0.0.1']
  const args = ['--agent-image', AGENT_IMAGE, '--ca-out', caFile, ...addresses]
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const { port, metricsPort } = await portsOf(child)
  const ca = readFileSync(caFile)
  return {
    url: `https://127.0.0.1:${port}/mutate`,
    metricsPort,
    ask: (pod) => ask(port, ca, pod),
    review: (pod) => review(port, ca, pod),
    stop: async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

/** From the log line that announces it; the rest of the log is read, so that the webhook never waits for us. */
function portsOf(child: ChildProcess): Promise<{ port: number; metricsPort: number }> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the webhook ended with status ${code}`)))
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const { msg, port, metricsPort } = JSON.parse(line) as { msg: string; port: number; metricsPort: number }
      if (msg === 'webhook ready') resolve({ port, metricsPort })
    })
  })
}

async function ask(port: number, ca: Buffer, pod: Pod): Promise<Response> {
  const uid = randomUUID()
  const { response } = (await post(port, ca, reviewOf(uid, pod))) as { response: Response }
  if (response.uid !== uid) throw new Error(`the webhook answered to ${response.uid}, not to ${uid}`)
  return response
}

async function review(port: number, ca: Buffer, pod: Pod): Promise<Operation[]> {
  const response = await ask(port, ca, pod)
  if (!response.allowed || !response.patch) throw new Error(`the webhook did not patch: ${JSON.stringify(response)}`)
  return JSON.parse(Buffer.from(response.patch, 'base64').toString()) as Operation[]
}

interface Response {
  readonly uid: string
  readonly allowed: boolean
  readonly patch?: string
}

/** The request of kube-apiserver 1.34 when a Pod is created (k8s.io/api/admission/v1). */
function reviewOf(uid: string, pod: Pod): object {
  const kind = { group: '', version: 'v1', kind: 'Pod' }
  const resource = { group: '', version: 'v1', resource: 'pods' }
  const { name, namespace } = pod.metadata
  const request = { uid, kind, resource, requestKind: kind, requestResource: resource, name, namespace }
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { ...request, operation: 'CREATE', userInfo: { username: 'demo' }, object: pod, dryRun: false },
  }
}

function post(port: number, ca: Buffer, body: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/mutate', method: 'POST', ca }
    const client = request({ ...options, headers: { 'content-type': 'application/json' } }, (answer) => {
      if (answer.statusCode === 200) resolve(json(answer))
      else reject(new Error(`the webhook answered with status ${answer.statusCode}`))
    })
    client.on('error', reject)
    client.end(JSON.stringify(body))
  })
}
