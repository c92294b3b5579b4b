/** Pods created at a real API server with the webhook installed as shipped. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Any,
  call,
  createPod,
  get,
  INJECTED,
  kubectl,
  MINOR,
  makeNamespace,
  must,
  podsOf,
  STATE,
  until,
} from '../support/cluster/cluster.ts'
import { type Installation, install } from '../support/cluster/installation.ts'
import { assertInjected, BINDING, hasAgent, pod, sealed } from '../support/cluster/pods.ts'

let webhook: Installation
before(async () => {
  webhook = await install()
  await makeNamespace('shop', INJECTED)
  await makeNamespace('elsewhere')
  await makeNamespace('strict', { ...INJECTED, 'pod-security.kubernetes.io/enforce': 'baseline' })
})
after(async () => {
  for (const name of ['shop', 'elsewhere', 'strict']) await call('DELETE', `/api/v1/namespaces/${name}`)
  await webhook.remove()
})

/** Reviews answered by both replicas together. Their metrics are a text that is made once a second. */
async function asked(): Promise<number> {
  await sleep(1100)
  const texts = await Promise.all(
    webhook.pods().map(async ({ address }) => (await fetch(`http://${address}:9090/metrics`)).text()),
  )
  const counts = texts.join('\n').matchAll(/^kernelseal_admission_duration_seconds_count ([0-9]+)$/gm)
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}

describe('a Pod with a binding', () => {
  it('is stored with the agent in the form of this version, and a placeholder', async () => {
    const { status, body } = await createPod('shop', pod('sealed'))
    assert.equal(status, 201, JSON.stringify(body))
    assertInjected(await get(`${podsOf('shop')}/sealed`))
  })

  it('shows kubectl the same under dry run, and is not stored', async () => {
    const ran = await kubectl(
      ['apply', '-n', 'shop', '--dry-run=server', '-o', 'json', '-f', '-'],
      JSON.stringify(pod('dry')),
    )
    assert.equal(ran.status, 0, ran.stderr)
    assertInjected(JSON.parse(ran.stdout))
    assert.equal((await call('GET', `${podsOf('shop')}/dry`)).status, 404)
  })

  it('leaves its decision in the audit log', async () => {
    const { metadata } = must(await createPod('shop', pod('audited')), 'a Pod')
    const entry = await until('the audit log has it', async () => auditEntry(metadata.name))
    assert.equal(entry.annotations['inject.kernelseal.io/outcome'], 'inject')
    assert.equal(entry.annotations['inject.kernelseal.io/reason'], 'injected')
  })

  it('is asked about once: nothing the API server adds makes it ask again', async () => {
    const count = await asked()
    must(await createPod('shop', pod('once')), 'a Pod')
    assert.equal((await asked()) - count, 1)
  })

  it('that opts out is left alone, with a warning to its creator', async () => {
    const { status, body, warnings } = await createPod(
      'shop',
      pod('open', { ...BINDING, 'kernelseal.io/inject': 'false' }),
    )
    assert.equal(status, 201)
    assert.equal(hasAgent(body), false)
    assert.match(warnings.join('\n'), /KernelSeal: the Pod opts out of injection, its secrets are NOT sealed/)
  })

  it('in a namespace without the label is untouched, and the webhook is not asked', async () => {
    const count = await asked()
    const { status, body } = await createPod('elsewhere', pod('plain'))
    assert.equal(status, 201)
    assert.equal(hasAgent(body), false)
    assert.equal(await asked(), count)
  })

  it('that the agent could not serve is refused before the API server says something obscure', async () => {
    const ran = await kubectl(
      ['apply', '-n', 'shop', '-f', '-'],
      JSON.stringify(pod('host', BINDING, { hostPID: true })),
    )
    assert.notEqual(ran.status, 0)
    assert.match(ran.stderr, /denied the request: KernelSeal: `spec.hostPID` is set/)
  })

  it('in a namespace whose Pod Security level forbids the agent is refused with the reason', async () => {
    const { status, body } = await createPod('strict', pod('baseline'))
    assert.equal(status, 403)
    assert.match(body.message, /the namespace's Pod Security level forbids the agent/)
    assert.doesNotMatch(body.message, /baseline/)
  })
})

describe('a Pod that says nothing to KernelSeal', () => {
  it('is stored as it is, and from 1.30 on the webhook is not even asked', async () => {
    const count = await asked()
    const { status, body } = await createPod('shop', pod('quiet', {}))
    assert.equal(status, 201)
    assert.equal(hasAgent(body), false)
    assert.equal((await asked()) - count, MINOR < 30 ? 1 : 0)
  })
})

describe('seal-env', () => {
  it('seals the references a Pod already has, and values composed of them', async () => {
    const env = [
      { name: 'PGPASSWORD', valueFrom: { secretKeyRef: { name: 'db-credentials', key: 'password' } } },
      { name: 'URL', value: 'postgres://app:$(PGPASSWORD)@db/app' },
    ]
    const containers = [{ name: 'app', image: 'registry.example/app:1', env }]
    const { status, body } = await createPod(
      'shop',
      pod('as-it-stands', { 'kernelseal.io/seal-env': 'strict' }, { containers }),
    )
    assert.equal(status, 201, JSON.stringify(body))
    assertInjected(body)
    assert.ok(sealed(body, 'URL'))
  })
})

function auditEntry(pod: string): Any {
  return readFileSync(join(STATE, 'audit.log'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .find(({ objectRef, responseStatus }) => objectRef?.name === pod && responseStatus?.code === 201)
}
