/** Kubernetes Events, posted to a real HTTPS server. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { KubeEvents } from '../../../agent/events/sinks/kube-event.ts'
import { openLog } from '../../../agent/events/sinks/log.ts'
import { eventOf } from '../../../agent/kube/event.ts'
import { ownPod } from '../../../agent/kube/pod.ts'
import { type ApiServer, startApiServer } from '../../support/api-server.ts'
import { delivered, failed, refused } from '../events/lines.ts'
import { temporaryFolder } from '../temporary.ts'

const QUICK = { gatherMs: 20, restMs: 200 }

async function posting(context: TestContext, { trusted = true, times = QUICK } = {}) {
  const server = await startApiServer(trusted)
  const said: string[] = []
  const out = { write: (text: string) => said.push(text) } as unknown as NodeJS.WritableStream
  const events = new KubeEvents(server.pod, openLog('text', 'debug', out), times)
  context.after(async () => {
    await events.close()
    server.close()
  })
  return { server, said, events }
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (condition()) return
    await sleep(10)
  }
  assert.fail(`it did not happen within 20 s: ${what}`)
}
const reasonsAt = ({ asked }: ApiServer): string[] => asked.map(({ event }) => event.reason)

test('a refusal and a failed delivery become one Warning each on the Pod, with the Pod’s own token', async (context) => {
  const { server, events } = await posting(context)
  events.write(refused())
  events.write(failed('no-value'))
  await until('two Events', () => server.asked.length === 2)
  const [{ path, authorization, event }] = server.asked as [ApiServer['asked'][number]]
  assert.deepEqual([path, authorization], ['/api/v1/namespaces/shop/events', 'Bearer the-token'])
  const { name, namespace } = event.metadata
  assert.match(name, /^shop-0\.[0-9a-f]{16}$/)
  assert.equal(namespace, 'shop')
  const pod = { apiVersion: 'v1', kind: 'Pod', name: 'shop-0', namespace: 'shop', uid: 'a-uid' }
  assert.deepEqual(event.involvedObject, pod)
  assert.deepEqual([event.type, event.count], ['Warning', 1])
  assert.match(event.message, /attempted environ access to PID=186 \(sleep\), by cat/)
  assert.match(event.firstTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.deepEqual(reasonsAt(server), ['SecretAccessBlocked', 'SecretDeliveryFailed'])
  await until('counted', () => events.posted.sent === 2)
})

test('a thousand refusals of a kind become one Event, and those that follow another, when its time has come', async (context) => {
  const { server, events } = await posting(context, { times: { gatherMs: 20, restMs: 60_000 } })
  for (let i = 0; i < 1000; i++) events.write(refused(`name-${i}`))
  await until('the first', () => events.posted.sent === 1)
  assert.equal(server.asked[0]!.event.count, 1000)
  assert.match(server.asked[0]!.event.message, /\(and 999 more of the kind\)$/)
  events.write(refused())
  await sleep(300)
  assert.equal(server.asked.length, 1)
  await events.close()
  assert.deepEqual(
    server.asked.slice(1).map(({ event }) => event.count),
    [1],
  )
})

test('a round that is over is followed by the next, without waiting for the end', async (context) => {
  const { server, events } = await posting(context)
  events.write(refused())
  await until('the first', () => events.posted.sent === 1)
  events.write(refused())
  await until('the second', () => events.posted.sent === 2)
  assert.equal(server.asked.length, 2)
})

test('deliveries and audited accesses are no Events', async (context) => {
  const { server, events } = await posting(context)
  for (const line of [...delivered(), refused('cat', { action: 'audited' })]) events.write(line)
  await sleep(100)
  assert.equal(server.asked.length, 0)
})

test('403 ends it with one line that names the Role to give', async (context) => {
  const { server, said, events } = await posting(context)
  server.status = 403
  events.write(refused())
  events.write(failed('no-value'))
  await until('the line', () => said.length > 0)
  events.write(refused())
  await sleep(300)
  assert.equal(server.asked.length, 1)
  assert.equal(said.length, 1)
  assert.match(
    said[0]!,
    /\[KUBE\] no Kubernetes Events from here on: .*403: in the server’s own words.*create `events`/,
  )
  assert.deepEqual(events.posted, { sent: 0, failed: 0, refused: 1 })
})

test('failed posts are posted when the server is well again, with nothing lost', async (context) => {
  const { server, said, events } = await posting(context)
  server.status = 503
  events.write(refused())
  await until('the failure', () => events.posted.failed === 1)
  events.write(refused())
  server.status = 201
  await until('the Event', () => events.posted.sent === 1)
  assert.equal(server.asked.at(-1)!.event.count, 2)
  assert.equal(said.length, 1)
  assert.match(said[0]!, /could not be posted: the API server answered 503/)
})

test('a server that another authority vouches for gets no token', async (context) => {
  const { server, said, events } = await posting(context, { trusted: false })
  events.write(refused())
  await until('the failure', () => events.posted.failed === 1)
  assert.equal(server.asked.length, 0)
  assert.match(said[0]!, /could not be posted: .*(self.signed|unable to verify)/)
})

test('writing takes no time while the server hangs, and closing a second at most', async (context) => {
  const { server, events } = await posting(context)
  server.delay = 3_000
  const began = Date.now()
  for (let i = 0; i < 1000; i++) events.write(refused())
  assert.ok(Date.now() - began < 2_000)
  await until('asked', () => server.asked.length === 1)
  events.write(failed('no-value'))
  const closing = Date.now()
  await events.close()
  assert.ok(Date.now() - closing < 2_500)
})

test('waiting Events are posted when the agent ends', async (context) => {
  const { server, events } = await posting(context, { times: { gatherMs: 60_000, restMs: 60_000 } })
  events.write(refused())
  await events.close()
  assert.equal(server.asked.length, 1)
})

test('without Pod, server or token it says which is missing', () => {
  const pod = { POD_NAME: 'p', POD_NAMESPACE: 'n', POD_UID: 'u' }
  const service = { KUBERNETES_SERVICE_HOST: '::1', KUBERNETES_SERVICE_PORT: '443' }
  const empty = temporaryFolder('no-account')
  assert.match(String(ownPod(service, empty)), /POD_UID/)
  assert.match(String(ownPod(pod, empty)), /KUBERNETES_SERVICE_HOST/)
  assert.match(String(ownPod({ ...pod, ...service }, empty)), /no service account token/)
})

test('an Event’s name and message keep to the API server’s limits', async (context) => {
  const { server } = await posting(context)
  const pod = { ...server.pod, name: `${'a'.repeat(235)}-${'b'.repeat(17)}` }
  const event = eventOf(pod, { reason: 'R', message: 'm'.repeat(5000), first: 0, last: 1, count: 1 })
  assert.ok(event.metadata.name.length <= 253)
  assert.match(event.metadata.name, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/)
  assert.equal(event.message.length, 1024)
})
