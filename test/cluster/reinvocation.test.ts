/** Another webhook, called after ours, adds a container with a secret: the API server asks ours again. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { json } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { createAuthority } from '../../webhook/certificate/self-signed.ts'
import {
  ADDRESS,
  type Any,
  call,
  createPod,
  INJECTED,
  MINOR,
  makeNamespace,
  must,
  until,
} from '../support/cluster/cluster.ts'
import { type Installation, install } from '../support/cluster/installation.ts'
import { NATIVE, pod, sealed } from '../support/cluster/pods.ts'

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
const PORT = 7443
const reference = (name: string) => [{ name, valueFrom: { secretKeyRef: { name: 'db-credentials', key: 'password' } } }]
/** A service mesh's change, with a secret of its own. */
const MESH = { name: 'mesh', image: 'registry.example/mesh:1', env: reference('MESH_TOKEN') }

let webhook: Installation
let mesh: Server
before(async () => {
  webhook = await install()
  await makeNamespace('shop', INJECTED)
  const authority = await createAuthority([ADDRESS])
  mesh = createServer(await authority.issue(), async (request, response) => {
    const { request: asked, ...envelope } = (await json(request)) as Any
    const operations = [{ op: 'add', path: '/spec/containers/-', value: MESH }]
    const patch = Buffer.from(JSON.stringify(operations)).toString('base64')
    const answer = { uid: asked.uid, allowed: true, patchType: 'JSONPatch', patch }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ ...envelope, response: answer }))
  }).listen(PORT, ADDRESS)
  await once(mesh, 'listening')
  // Configurations are called in the order of their names.
  must(await call('POST', CONFIGURATIONS, configuration('zz-mesh', authority.ca)), 'the other webhook')
})
after(async () => {
  await call('DELETE', `${CONFIGURATIONS}/zz-mesh`)
  await call('DELETE', '/api/v1/namespaces/shop')
  await webhook.remove()
  mesh.closeAllConnections()
  mesh.close()
})

describe('a container that another webhook adds', () => {
  it('is sealed like those that were there before', async () => {
    const containers = [{ name: 'app', image: 'registry.example/app:1', env: reference('PGPASSWORD') }]
    const annotations = { 'kernelseal.io/seal-env': 'true' }
    const made = await until('the other webhook takes part', async () => {
      const { status, body } = await createPod('shop', pod('meshed', annotations, { containers }), '?dryRun=All')
      assert.equal(status, 201, JSON.stringify(body))
      return body.spec.containers.some(({ name }: Any) => name === 'mesh') && body
    })
    assert.ok(sealed(made, 'PGPASSWORD'))
    assert.ok(sealed(made, 'MESH_TOKEN', 'mesh'), JSON.stringify(made.spec.containers))
    const agents = [...(made.spec.initContainers ?? []), ...made.spec.containers].filter(
      ({ name }: Any) => name === 'kernelseal-agent',
    )
    assert.equal(agents.length, 1)
    assert.equal((NATIVE ? made.spec.initContainers : made.spec.containers)[0].name, 'kernelseal-agent')
  })
})

describe('a sealed Pod that is made again from a stored one', () => {
  /** Filled in by servers of 1.27 to 1.32 with the gate InPlacePodVerticalScaling; this one knows it from 1.33 on. */
  const filledIn = ['cpu', 'memory'].map((resourceName) => ({ resourceName, restartPolicy: 'NotRequired' }))

  for (const [what, more] of [
    ['as it stands', {}],
    ['with the resize policy that some servers fill in', MINOR < 33 ? {} : { resizePolicy: filledIn }],
  ] as const) {
    it(`passes ${what}`, async () => {
      const { body: stored } = await createPod('shop', pod('stored'), '?dryRun=All')
      const { metadata, spec } = stored
      // The other webhook adds its own again, after which ours is asked once more.
      spec.containers = spec.containers.filter(({ name }: Any) => name !== 'mesh')
      Object.assign(spec[NATIVE ? 'initContainers' : 'containers'][0], more)
      const { status, body } = await createPod('shop', pod('stored', metadata.annotations, spec), '?dryRun=All')
      assert.equal(status, 201, body.message)
    })
  }
})

function configuration(name: string, ca: string) {
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }]
  const clientConfig = { url: `https://${ADDRESS}:${PORT}/`, caBundle: Buffer.from(ca).toString('base64') }
  const selector = { namespaceSelector: { matchLabels: INJECTED } }
  const policy = { admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Fail', ...selector }
  return { metadata: { name }, webhooks: [{ name: 'mesh.example.com', clientConfig, rules, ...policy }] }
}
