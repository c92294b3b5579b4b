/** Other people's webhooks: a server for their changes, and configurations that have the API server ask it. */
import { once } from 'node:events'
import { createServer } from 'node:https'
import { json } from 'node:stream/consumers'
import { createPatch } from 'rfc6902'
import { createAuthority } from '../../../../webhook/certificate/self-signed.ts'
import { ADDRESS, type Any, call, createPod, INJECTED, must, until } from '../cluster.ts'
import type { Neighbour } from './changes.ts'

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
const PORT = 7444

/** One question of the API server: the Pod as it came, and as it was handed on. */
export interface Turn {
  readonly who: string
  readonly before: Any
  readonly after: Any
}

export interface StandInWebhooks {
  /** Has the API server ask these; returns when it does. @param names of configurations; the part after the first dash names the neighbour */
  configure(names: readonly string[], reinvocationPolicy: 'Never' | 'IfNeeded'): Promise<void>
  /** Of the last Pod with that name, in their order. */
  turnsOf(pod: string): readonly Turn[]
  close(): Promise<void>
}

export async function openWebhooks(neighbours: Readonly<Record<string, Neighbour>>): Promise<StandInWebhooks> {
  const turns: Turn[] = []
  const authority = await createAuthority([ADDRESS])
  const server = createServer(await authority.issue(), async (request, response) => {
    const { request: asked, ...envelope } = (await json(request)) as Any
    // The API server adds `?timeout=…`.
    const who = new URL(request.url ?? '', `https://${ADDRESS}`).pathname.slice(1)
    const after = structuredClone(asked.object)
    neighbours[who]?.(after)
    turns.push({ who, before: asked.object, after })
    const patch = Buffer.from(JSON.stringify(createPatch(asked.object, after))).toString('base64')
    response.setHeader('content-type', 'application/json')
    const answer = { uid: asked.uid, allowed: true, patchType: 'JSONPatch', patch }
    response.end(JSON.stringify({ ...envelope, response: answer }))
  }).listen(PORT, ADDRESS)
  await once(server, 'listening')

  const configured = new Set<string>()
  const turnsOf = (name: string) => turns.filter(({ before }) => before.metadata.name === name)
  return {
    turnsOf,
    configure: async (names, reinvocationPolicy) => {
      await removeAll(configured)
      for (const name of names) {
        const made = configuration(name, authority.ca, reinvocationPolicy)
        must(await call('POST', CONFIGURATIONS, made), name)
        configured.add(name)
      }
      await inUse(names.map(neighbourOf), turnsOf)
    },
    close: async () => {
      await removeAll(configured)
      server.closeAllConnections()
      server.close()
    },
  }
}

async function removeAll(names: Set<string>): Promise<void> {
  for (const name of names) await call('DELETE', `${CONFIGURATIONS}/${name}`)
  names.clear()
}

const neighbourOf = (name: string): string => name.slice(name.indexOf('-') + 1)

/** The API server reads changed configurations after a moment: until exactly these are asked. */
async function inUse(wanted: readonly string[], turnsOf: (pod: string) => readonly Turn[]): Promise<void> {
  let tries = 0
  await until(`exactly ${wanted.join(', ')} are asked`, async () => {
    const name = `probe-${Date.now()}-${tries++}`
    const spec = { containers: [{ name: 'app', image: 'app' }] }
    await createPod('shop', { metadata: { name }, spec }, '?dryRun=All')
    const asked = new Set(turnsOf(name).map(({ who }) => who))
    return asked.size === wanted.length && wanted.every((who) => asked.has(who))
  })
}

function configuration(name: string, ca: string, reinvocationPolicy: string) {
  const who = neighbourOf(name)
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }]
  const clientConfig = { url: `https://${ADDRESS}:${PORT}/${who}`, caBundle: Buffer.from(ca).toString('base64') }
  const policy = { admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Fail', reinvocationPolicy }
  const namespaceSelector = { matchLabels: INJECTED }
  return {
    metadata: { name },
    webhooks: [{ name: `${who}.example.com`, clientConfig, rules, namespaceSelector, ...policy }],
  }
}
