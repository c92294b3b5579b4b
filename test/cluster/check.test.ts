/** `kernelseal check` as its users run it, at a cluster that is as it should be and at ones that are not. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { check } from '../../agent/check/check.ts'
import { openCluster } from '../../agent/check/cluster.ts'
import { collect } from '../../agent/check/collect/collect.ts'
import type { Line, Subject } from '../../agent/check/line.ts'
import { createAuthority } from '../../webhook/certificate/self-signed.ts'
import {
  ADDRESS,
  type Any,
  call,
  createPod,
  get,
  INJECTED,
  MINOR,
  makeNamespace,
  must,
  PORT,
  podsOf,
  REPOSITORY,
  STATE,
  until,
} from '../support/cluster/cluster.ts'
import { AGENT_IMAGE, kernelseal } from '../support/cluster/command.ts'
import { apply, type Installation, install, MUTATING, OVERLAY } from '../support/cluster/installation.ts'
import { bindPod, containerStatus, makeNode, reportPod, runPod } from '../support/cluster/kubelet.ts'
import { NATIVE, pod } from '../support/cluster/pods.ts'

const FACTS = join(REPOSITORY, 'test/fixtures/check/good-facts.json')
const directory = mkdtempSync(join(tmpdir(), 'kernelseal-check-'))

const checked = (...args: string[]) => kernelseal('check', ...args)

async function linesOf(...args: string[]): Promise<Line[]> {
  return JSON.parse((await checked('--json', ...args)).stdout)
}

const about = (lines: readonly Line[], subject: Subject) => lines.filter(({ what }) => what === subject)

/** That a fault is named with its cure, and that the command says by its status that something is wrong. */
async function named(subject: Subject, state: Line['state'], fault: RegExp, fix: RegExp): Promise<void> {
  const line = await until(`${subject} is found wrong`, async () =>
    about(await linesOf(), subject).find((one) => one.state === state && fault.test(one.found)),
  )
  assert.match(line.fix ?? '', fix)
  if (state === 'fail') assert.equal((await checked()).status, 1)
}

let webhook: Installation
before(async () => {
  await makeNamespace('shop', INJECTED)
  // Made as they may be where nothing is installed.
  must(await createPod('shop', pod('early')), 'a Pod of before')
})
after(async () => {
  // No kubelet ends a Pod that has a node, and its namespace would stay.
  await call('DELETE', `${podsOf('shop')}/web`, { gracePeriodSeconds: 0 })
  for (const name of ['shop', 'kernelseal-doctor']) await call('DELETE', `/api/v1/namespaces/${name}`)
  await call('DELETE', '/api/v1/nodes/weak')
  await webhook?.remove()
  rmSync(directory, { recursive: true })
})

describe('kernelseal check, before anything is installed', () => {
  it('says so, with the cure', async () => {
    await named('webhook', 'fail', /not installed/, /kubectl apply -k/)
  })

  it('--pre looks at the cluster and its nodes alone, and says how to learn of them', async () => {
    await makeNode('weak')
    const { status, stdout } = await checked('--pre')
    assert.equal(status, 0)
    assert.match(stdout, /^cluster {5}ok {3}Kubernetes v1\./m)
    assert.match(
      stdout,
      /^nodes {7}\?\? {3}0 of 1 can enforce; not known of weak\n? +fix: kubectl apply -k deploy\/doctor/m,
    )
    assert.equal(
      stdout
        .trimEnd()
        .split('\n')
        .filter((line) => /^\w/.test(line)).length,
      3,
    )
  })

  it('asks no cluster that is not there, with status 2', async () => {
    const file = join(directory, 'nowhere')
    const cluster = { name: 'nowhere', cluster: { server: 'https://127.0.0.1:1' } }
    const contexts = [{ name: 'nowhere', context: { cluster: 'nowhere', user: 'nobody' } }]
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [cluster],
      users: [{ name: 'nobody', user: {} }],
      contexts,
    }
    writeFileSync(file, JSON.stringify({ ...config, 'current-context': 'nowhere' }))
    const refused = await checked('--kubeconfig', file)
    assert.deepEqual([refused.status, refused.stdout], [2, ''])
    assert.match(refused.stderr, /no cluster can be asked: connect ECONNREFUSED/)
    const other = await checked('--kubeconfig', file, '--context', 'else')
    assert.equal(other.status, 2)
    assert.match(other.stderr, /has no context `else`; it has `nowhere`/)
  })
})

describe('kernelseal check, once KernelSeal is installed', () => {
  before(async () => {
    webhook = await install()
    await makeNamespace('kernelseal-doctor')
  })

  it('finds a Pod that is older than the webhook, and the restart that it needs', async () => {
    await named(
      'pods',
      'fail',
      /^shop\/early: binds secrets, made before the webhook; has no agent/,
      /delete pod early/,
    )
    must(await call('DELETE', `${podsOf('shop')}/early`, { gracePeriodSeconds: 0 }), 'its end')
  })

  it('finds a node that cannot enforce, by the word of its doctor', async () => {
    await runPod('kernelseal-doctor', pod('doctor-weak', {}), 'weak', { phase: 'Failed' })
    await named('nodes', 'fail', /^weak cannot enforce/, /logs doctor-weak.*taint node weak/)
    must(await call('DELETE', '/api/v1/nodes/weak'), 'its end')
  })

  it('is content with a good cluster', async () => {
    await runPod('kernelseal-doctor', pod('doctor-stand-in', {}), 'stand-in', { phase: 'Succeeded' })
    must(await createPod('shop', pod('web')), 'a sealed Pod')
    await bindPod('shop', 'web', 'stand-in')
    await report('web', { running: {} }, true)
    const { status, stdout } = await checked()
    assert.equal(status, 0, stdout)
    assert.match(stdout, /^webhook {5}ok {3}2 of 2 replicas ready, \d+\.\d+\.\d+, the same as this command$/m)
    assert.match(stdout, /^certificate ok {3}caBundle fits, expires in \d+ d$/m)
    assert.match(stdout, /^nodes {7}ok {3}1 of 1 can enforce/m)
    assert.match(stdout, /\nNothing has to be put right\.\n$/)
    assert.deepEqual([...new Set((await linesOf()).map(({ state }) => state))], ['ok'])
    // The unit tests' facts (test/unit/check/recorded.ts) are those of this moment.
    const facts = await collect(await openCluster({}), undefined)
    assert.equal(check(facts).length, 8)
    if (process.env.UPDATE_GOLDEN && MINOR >= 30) writeFileSync(FACTS, `${JSON.stringify(facts, null, 2)}\n`)
  })

  it('finds an image that a node cannot get', async () => {
    const message = `failed to pull and unpack image "docker.io/library/${AGENT_IMAGE}"`
    await report('web', { waiting: { reason: 'ErrImagePull', message } })
    await named(
      'images',
      'fail',
      new RegExp(`^${AGENT_IMAGE}: stand-in \\(ErrImagePull\\) cannot get it`),
      /KSEAL_AGENT_IMAGE/,
    )
    await report('web', { running: {} }, true)
  })

  it('finds a namespace whose level refuses the agent', async () => {
    await makeNamespace('strict', { ...INJECTED, 'pod-security.kubernetes.io/enforce': 'restricted' })
    await named('namespaces', 'warn', /^strict is `restricted`/, /namespace strict pod-security.*=privileged/)
    must(await call('DELETE', '/api/v1/namespaces/strict'), 'its end')
    await until('it is gone', async () => (await call('GET', '/api/v1/namespaces/strict')).status === 404)
  })

  it('finds a missing policy', { skip: MINOR < 30 ? 'this server has none' : false }, async () => {
    const registration = '/apis/admissionregistration.k8s.io/v1'
    must(await call('DELETE', `${registration}/validatingadmissionpolicies/kernelseal-agent-present`), 'its end')
    await named('policies', 'fail', /`kernelseal-agent-present` is missing/, /kubectl apply -k/)
    await apply(OVERLAY)
  })

  it('finds another version of the agent', async () => {
    await webhook.setEnv({ KSEAL_AGENT_IMAGE: 'kernelseal-agent:0.0.9' })
    await named('webhook', 'warn', /the agent of new Pods is 0\.0\.9/, /upgrade both/)
    await named(
      'pods',
      'warn',
      new RegExp(`1 Pod with another agent than new ones get: ${AGENT_IMAGE}`),
      /rollout restart/,
    )
    await webhook.setEnv({ KSEAL_AGENT_IMAGE: AGENT_IMAGE })
  })

  it('finds a user without rights, and says which are missing', async () => {
    const file = await userWithoutRights()
    const { status, stdout } = await checked('--kubeconfig', file)
    assert.equal(status, 1)
    assert.match(stdout, /^cluster {5}FAIL you may not read .*deployments.*namespaces, nodes, pods$/m)
    assert.match(stdout, /fix: ask for a ClusterRole/)
    assert.match(stdout, /^pods {8}\?\? {3}not known: you may not read it$/m)
    assert.match(stdout, /1 of 8 has to be put right/)
  })
})

describe('kernelseal check, where the replicas may not publish their authority', () => {
  // With the right to, they mend a wrong caBundle within seconds.
  before(async () => {
    const role = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/kernelseal-webhook-ca-bundle'
    must(await call('DELETE', role), 'the end of the right')
  })

  it('finds an expired certificate, as the API server sees it', async () => {
    const authority = await createAuthority([ADDRESS])
    const { cert, key } = await authority.issue('serverAuth', Date.now() - 100 * 24 * 60 * 60 * 1000)
    const server = createServer({ cert, key }).listen(0, ADDRESS)
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const restore = await pointed({
      url: `https://${ADDRESS}:${port}/mutate`,
      caBundle: Buffer.from(authority.ca).toString('base64'),
    })
    try {
      await named('certificate', 'fail', /^the API server finds it expired: x509:/, /rollout restart/)
    } finally {
      await restore()
      server.close()
    }
  })

  it('finds a caBundle that does not fit', async () => {
    const { ca } = await createAuthority(['other'])
    const { service } = (await get(MUTATING)).webhooks[0].clientConfig
    const restore = await pointed({ service, caBundle: Buffer.from(ca).toString('base64') })
    await named('certificate', 'fail', /^the caBundle does not fit/, /rollout restart/)
    await restore()
  })

  it('finds that there is no webhook any more', async () => {
    must(await call('DELETE', MUTATING), 'its end')
    await named('webhook', 'fail', /no MutatingWebhookConfiguration `kernelseal`: no Pod is sealed/, /kubectl apply -k/)
  })
})

/** The agent of a Pod in `shop`, as its kubelet sees it. */
async function report(name: string, state: Any, ready = false): Promise<void> {
  const agent = containerStatus('kernelseal-agent', AGENT_IMAGE, state, ready)
  await reportPod('shop', name, { phase: 'Running', [NATIVE ? 'initContainerStatuses' : 'containerStatuses']: [agent] })
}

/** @returns what puts the configuration back */
async function pointed(clientConfig: object): Promise<() => Promise<void>> {
  const { webhooks } = await get(MUTATING)
  const change = async (entries: Any[]) => {
    must(
      await call(
        'PATCH',
        MUTATING,
        [{ op: 'replace', path: '/webhooks', value: entries }],
        'application/json-patch+json',
      ),
      'it',
    )
  }
  await change(webhooks.map((entry: Any) => ({ ...entry, clientConfig })))
  return () => change(webhooks)
}

async function userWithoutRights(): Promise<string> {
  const account = '/api/v1/namespaces/shop/serviceaccounts/default/token'
  const { token } = must(await call('POST', account, { spec: { expirationSeconds: 3600 } }), 'a token').status
  const file = join(directory, 'powerless')
  const ca = join(STATE, 'pki/ca.crt')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: `https://${ADDRESS}:${PORT}`, 'certificate-authority': ca } }],
    users: [{ name: 'powerless', user: { token } }],
    contexts: [{ name: 'powerless', context: { cluster: 'test', user: 'powerless' } }],
    'current-context': 'powerless',
  }
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  return file
}
