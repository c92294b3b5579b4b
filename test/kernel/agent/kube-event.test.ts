/** A refusal in a Pod becomes a Kubernetes Event: from the kernel to an HTTPS server, with the Pod's own token. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { admitted } from '../../support/admitted.ts'
import { type Agent, environOf, eventually, startAgent } from '../../support/agent-under-test.ts'
import { type ApiServer, startApiServer } from '../../support/api-server.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
const SECRET = 'reported-secret-90c3'
const BINDINGS = `
- name: sleeper
  selector: { binary: /usr/bin/sleep, lineage: any }
  secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`

let server: ApiServer
let space: PidNamespace
let agent: Agent

before(async () => {
  server = await startApiServer()
  mkdirSync(ACCOUNT, { recursive: true })
  copyFileSync(server.pod.tokenFile, join(ACCOUNT, 'token'))
  copyFileSync(server.pod.caFile, join(ACCOUNT, 'ca.crt'))
  space = await pidNamespace()
  agent = await startPodAgent()
})

after(async () => {
  await agent?.stop()
  await space?.end()
  server?.close()
})

/** As the webhook's sidecar has it: policy from annotations, the Pod's name by the downward API. */
function startPodAgent(): Promise<Agent> {
  const { hostname, port } = new URL(server.pod.server)
  const service = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }
  const env = { POD_NAME: 'shop-0', POD_NAMESPACE: 'shop', POD_UID: 'a-uid', ...service, SOURCE: SECRET }
  return startAgent({ annotations: admitted(BINDINGS), env, args: space.args })
}

test('a reach for a sealed memory is told by an Event on the Pod, the value is not, and a look in passing is none', async () => {
  const outer = spawn(space.enter[0]!, [...space.enter.slice(1), '/usr/bin/sleep', '600'], {
    env: { PATH: '/usr/bin', ...agent.placeholders },
    stdio: 'ignore',
  })
  const isIt = (event: Record<string, unknown>) => event.tag === 'INJECT'
  const { actor } = (await eventually('delivery', () => agent.events().find(isIt))) as { actor: { pid: number } }
  assert.throws(() => environOf(actor.pid), { code: 'EPERM' })
  for (let i = 0; i < 30; i++) assert.throws(() => openSync(`/proc/${actor.pid}/mem`, 'r'), { code: 'EPERM' })
  // A machine that is too slow for the first post tries again after a minute.
  for (let i = 0; i < 4 && !server.asked.length; i++) {
    await eventually('the Event', () => server.asked.length > 0).catch(() => {})
  }
  outer.kill('SIGKILL')
  const [{ path, authorization, event }] = server.asked as [ApiServer['asked'][number]]
  assert.deepEqual([path, authorization], ['/api/v1/namespaces/shop/events', 'Bearer the-token'])
  assert.deepEqual([event.reason, event.involvedObject.name], ['SecretAccessBlocked', 'shop-0'])
  assert.ok(event.count >= 1 && event.count <= 30)
  assert.match(event.message, /attempted mem access to PID=\d+ /)
  assert.ok(!JSON.stringify(server.asked).includes(SECRET))
  const metrics = await (await fetch(`http://127.0.0.1:${agent.port}/metrics`)).text()
  assert.match(metrics, /^kernelseal_access_blocked_total 31$/m)
  assert.match(metrics, /^kernelseal_access_in_passing_total 1$/m)
  assert.match(metrics, /^kernelseal_access_unreported_total [1-9]/m)
})
