/** The webhook's image, run as deploy/base runs it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { json } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { load } from 'js-yaml'
import { type BuiltImage, build, start } from './built.ts'
import { filesIn, read } from './files.ts'

let image: BuiltImage
before(() => {
  image = build('webhook')
})
after(() => image?.remove())

const FLAGS = ['--agent-image', 'kernelseal-agent:test', '--host', '127.0.0.1', '--port', '0', '--metrics-port', '0']

describe('the image of the webhook', () => {
  it('answers an admission review over TLS, without root, without capabilities, on a read-only root', async () => {
    const { child, kill } = start(image, [...FLAGS, '--ca-out', '-'])
    const port = await portOf(child)
    const { response } = (await review(port)) as { response: { allowed: boolean; patch: string } }
    assert.equal(response.allowed, true)
    assert.match(Buffer.from(response.patch, 'base64').toString(), /kernelseal-agent:test/)
    kill('TERM')
    const [status] = await once(child, 'exit')
    assert.equal(status, 0)
  })

  it('runs as the user that the Deployment demands', () => {
    const deployment = load(read('deploy/base/deployment.yaml')) as { spec: { template: { spec: PodSpec } } }
    const { runAsUser, runAsGroup } = deployment.spec.template.spec.securityContext
    assert.equal(image.config.User, `${runAsUser}:${runAsGroup}`)
  })

  it('has no shell, no package manager and no FFI', () => {
    assert.deepEqual(readdirSync(join(image.rootfs, 'usr/local/bin')), ['node'])
    assert.deepEqual(readdirSync(join(image.rootfs, 'usr/bin')), [])
    assert.deepEqual(
      filesIn(image.rootfs).filter((file) => /koffi|libbpf|\.bpf\.o$/.test(file)),
      [],
    )
  })

  it('has its modules compiled, and readable for its user', () => {
    const cache = join(image.rootfs, 'opt/kernelseal/.compile-cache')
    const files = filesIn(cache)
    assert.ok(files.length > 100)
    for (const file of files) assert.ok(statSync(join(cache, file)).mode & 0o004, file)
  })

  it('has of the agent nothing but its policy, its port, and the tables of options', () => {
    const agent = filesIn(join(image.rootfs, 'opt/kernelseal/agent'))
    assert.ok(agent.length > 10)
    assert.deepEqual(
      agent.filter((file) => file !== 'package.json' && !/^(policy|status-port|options)\//.test(file)),
      [],
    )
  })
})

interface PodSpec {
  readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number }
}

function portOf({ stdout, stderr }: ReturnType<typeof start>['child']): Promise<number> {
  return new Promise((resolve, reject) => {
    const said: string[] = []
    stdout.resume()
    stderr.once('end', () => reject(new Error(`the webhook ended:\n${said.join('\n')}`)))
    createInterface({ input: stderr }).on('line', (line) => {
      said.push(line)
      const { msg, port } = line.startsWith('{') ? JSON.parse(line) : { msg: '', port: 0 }
      if (msg === 'webhook ready') resolve(port)
    })
  })
}

/** Its certificate is checked elsewhere; here it is enough that it speaks TLS. */
function review(port: number): Promise<unknown> {
  const annotations = { 'secret.kernelseal.io/TOKEN': 'secret/login/token' }
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'shop', annotations },
    spec: { containers: [{ name: 'app', image: 'app:1' }] },
  }
  const kind = { group: '', version: 'v1', kind: 'Pod' }
  const resource = { group: '', version: 'v1', resource: 'pods' }
  const asked = { uid: '1', kind, resource, operation: 'CREATE', namespace: 'shop', userInfo: {}, object }
  const body = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: asked })
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const options = { host: '127.0.0.1', port, path: '/mutate', method: 'POST', headers, rejectUnauthorized: false }
    const client = request(options, (answer) => resolve(json(answer)))
    client.on('error', reject)
    client.end(body)
  })
}
