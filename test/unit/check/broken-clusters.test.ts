/** Clusters that are not as they should be: the line that says so, and the cure. The same at a real API server: test/cluster/check.test.ts. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { checkBefore } from '../../../agent/check/check.ts'
import type { Facts, PodFacts, Trial } from '../../../agent/check/facts.ts'
import type { Line, Subject } from '../../../agent/check/line.ts'
import { createAuthority } from '../../../webhook/certificate/self-signed.ts'
import {
  bare,
  FORBIDDEN,
  found,
  GOOD,
  linesFor,
  withBundle,
  withDeployment,
  withPods,
  withReplicas,
  wrong,
} from './recorded.ts'

const DAY = 24 * 60 * 60 * 1000

/** That this one line is wrong, with its cure, and every other as before. */
function only(changed: Partial<Facts>, what: Subject, state: Line['state'], fault: RegExp, fix: RegExp): void {
  const lines = linesFor(changed).filter((line) => line.state !== 'ok')
  assert.deepEqual([...new Set(lines.map((line) => line.what))], [what], JSON.stringify(lines))
  const line = lines.find((one) => fault.test(one.found))
  assert.ok(line, JSON.stringify(lines))
  assert.equal(line.state, state)
  assert.match(line.fix ?? '', fix)
}

const failed = (words: string): Pick<Facts, 'trial'> => ({
  trial: { outcome: 'failed', namespace: 'shop', words } as Trial,
})
const X509 = 'failed calling webhook "inject.kernelseal.io": tls: failed to verify certificate: x509: '

it('a good cluster has eight lines, all ok', () => {
  const lines = linesFor({})
  assert.deepEqual([lines.length, wrong(lines)], [8, []])
})

describe('the check of a cluster', () => {
  it('without a webhook says that it is not installed', () => {
    const lines = linesFor({
      configurations: { found: {} },
      deployments: { found: [] },
      replicas: { found: [] },
      policies: { found: { policies: [], bindings: {} } },
      trial: { outcome: 'ignored', namespace: 'shop' },
    })
    const [first] = lines.filter(({ state }) => state === 'fail')
    assert.deepEqual([first?.what, first?.found], ['webhook', 'KernelSeal is not installed'])
    assert.match(first?.fix ?? '', /kubectl apply -k/)
    const old = {
      configurations: { found: {} },
      deployments: { found: [] },
      server: { gitVersion: 'v1.24.1', minor: 24 },
    }
    assert.match(
      linesFor(old).find(({ what }) => what === 'webhook')?.fix ?? '',
      /-k deploy\/overlays\/kubernetes-1\.21, or helm upgrade/,
    )
    // One cause, one line that fails: the others cannot be looked at.
    assert.equal(lines.filter(({ state }) => state === 'fail').length, 1)
  })

  it('is never told to exchange one kind of installation for another, where a part of it is missing', () => {
    const { mutating } = found(GOOD.configurations)
    const lines = linesFor({ configurations: { found: { mutating: mutating! } } })
    const fixes = lines.filter(({ state }) => state === 'fail').map(({ fix }) => fix)
    assert.deepEqual(fixes, [
      'kubectl apply -k the overlay that it was installed with, or helm upgrade (deploy/README.md)',
    ])
  })

  it('without one of the two configurations names it', () => {
    const { mutating, validating } = found(GOOD.configurations)
    only(
      { configurations: { found: { mutating: mutating! } } },
      'webhook',
      'fail',
      /ValidatingWebhookConfiguration/,
      /apply/,
    )
    only({ configurations: { found: { validating: validating! } } }, 'webhook', 'fail', /no Pod is sealed/, /apply/)
  })

  it('whose last word has no caBundle says so, and with cert-manager which annotation it lacks', () => {
    const { mutating, validating } = found(GOOD.configurations)
    const entry = { name: 'last.kernelseal.io', failurePolicy: 'Fail', clientConfig: {} }
    const lastWord = { metadata: { name: 'zz-kernelseal' }, webhooks: [entry] }
    const by = (annotations?: Record<string, string>): Pick<Facts, 'configurations'> => {
      const metadata = { ...mutating!.metadata, ...(annotations && { annotations }) }
      return { configurations: { found: { mutating: { ...mutating!, metadata }, validating: validating!, lastWord } } }
    }
    const fault = /^`last\.kernelseal\.io` has no caBundle/
    only(by(), 'certificate', 'fail', fault, /rollout restart/)
    const from = { 'cert-manager.io/inject-ca-from': 'kernelseal-system/webhook' }
    only(
      by(from),
      'certificate',
      'fail',
      fault,
      /annotate mutatingwebhookconfiguration zz-kernelseal cert-manager.*webhook$/,
    )
  })

  it('whose caBundle is wrong says whether it is missing, no certificate, expired, or of another', async () => {
    only(
      withBundle(undefined),
      'certificate',
      'fail',
      /^`inject\.kernelseal\.io` and \d more have no caBundle/,
      /rollout restart/,
    )
    assert.equal(linesFor(withBundle(undefined)).filter(({ what }) => what === 'certificate').length, 1)
    only(withBundle(Buffer.from('text').toString('base64')), 'certificate', 'fail', /is not a certificate/, /./)
    const { ca } = await createAuthority(['x'], DAY, GOOD.now - 100 * DAY)
    only(withBundle(Buffer.from(ca).toString('base64')), 'certificate', 'fail', /has expired, on \d{4}/, /./)
    only(failed(`${X509}certificate signed by unknown authority`), 'certificate', 'fail', /does not fit/, /restart/)
    only(
      withReplicas({ trusted: false }),
      'certificate',
      'fail',
      /does not fit the certificate of kernelseal-/,
      /restart/,
    )
  })

  it('with cert-manager has another cure', () => {
    const { mutating, validating } = found(GOOD.configurations)
    const annotations = { 'cert-manager.io/inject-ca-from': 'kernelseal-system/kernelseal-webhook' }
    const managed = { ...mutating!, metadata: { ...mutating!.metadata, annotations } }
    const changed = { configurations: { found: { mutating: managed, validating: validating! } } }
    const expired = failed(`${X509}certificate has expired or is not yet valid`)
    only(
      { ...changed, ...expired },
      'certificate',
      'fail',
      /expired/,
      /certificate -n kernelseal-system kernelseal-webhook/,
    )
  })

  it('with an expired certificate says so, by the API server or by the replicas', () => {
    only(
      failed(`${X509}certificate has expired or is not yet valid`),
      'certificate',
      'fail',
      /finds it expired: x509/,
      /./,
    )
    only(withReplicas({ trusted: true, expiry: GOOD.now - DAY }), 'certificate', 'fail', /it has expired/, /restart/)
    only(
      withReplicas({ trusted: true, expiry: GOOD.now + 3 * DAY }),
      'certificate',
      'warn',
      /should have been renewed/,
      /./,
    )
  })

  it('with a webhook that cannot be reached, or is not asked, says which', () => {
    only(
      failed('failed calling webhook "x": no endpoints available for service'),
      'webhook',
      'fail',
      /no endpoints/,
      /8443/,
    )
    const lines = linesFor({ trial: { outcome: 'ignored', namespace: 'shop' }, ...withReplicas({ trusted: true }) })
    assert.deepEqual(
      wrong(lines).map(([what]) => what),
      ['webhook'],
    )
  })

  it('with replicas that are not ready counts them', () => {
    only(withDeployment({ ready: 1 }), 'webhook', 'warn', /^1 of 2 replicas .* is ready/, /describe pods/)
    only(withDeployment({ updated: 1 }), 'webhook', 'warn', /rollout has not ended: 1 of 2/, /describe pods/)
    only(withDeployment({ ready: 0 }), 'webhook', 'fail', /cannot start/, /describe pods/)
    only(withDeployment({ wanted: 0, ready: 0 }), 'webhook', 'fail', /^0 of 0/, /scale/)
  })

  it('where nothing runs yet has one cause, and one line that fails', () => {
    const words =
      'failed calling webhook "inject.kernelseal.io": no endpoints available for service "kernelseal-webhook"'
    const lines = linesFor({
      ...withBundle(undefined),
      ...withDeployment({ ready: 0 }),
      ...failed(words),
      replicas: { found: [] },
    })
    assert.deepEqual(
      wrong(lines).map(([what, state]) => `${what} ${state}`),
      ['webhook fail', 'certificate unknown'],
    )
  })

  it('with a namespace at `restricted` names it', () => {
    const labels = { 'kernelseal.io/injection': 'enabled', 'pod-security.kubernetes.io/enforce': 'restricted' }
    const namespaces = { found: [...found(GOOD.namespaces), { name: 'strict', labels }] }
    only({ namespaces }, 'namespaces', 'warn', /^strict is `restricted`/, /enforce=privileged/)
  })

  it('with labels that do not mean their intention names them', () => {
    for (const [labels, state, fault] of [
      [{ 'kernelseal.io/injection': 'true' }, 'fail', /has no effect, nothing there is sealed/],
      [{ 'kernelseal.io/injection': 'enabled', 'kernelseal.io/mode': 'audti' }, 'fail', /is no mode/],
      [{ 'kernelseal.io/injection': 'enabled', 'kernelseal.io/mode': 'audit' }, 'warn', /nothing is refused/],
      [{ 'kernelseal.io/injection': 'enabled', 'kernelseal.io/allow-debug': 'true' }, 'warn', /debug sessions/],
    ] as const) {
      only(
        { namespaces: { found: [{ name: 'odd', labels }, ...found(GOOD.namespaces)] } },
        'namespaces',
        state,
        fault,
        /kubectl label/,
      )
    }
    only({ namespaces: { found: [] } }, 'namespaces', 'warn', /none has opted in/, /label namespace/)
  })

  it('where a node lacks an image names image, node and reason', () => {
    const waiting = { reason: 'ImagePullBackOff', message: 'Back-off' }
    const containers = [{ name: 'kernelseal-agent', image: 'kernelseal-agent:0.1.0', ready: false, waiting }]
    const pod = { ...bare(), node: 'node-2', containers }
    only(withPods(pod), 'images', 'fail', /^kernelseal-agent:0\.1\.0: node-2 \(ImagePullBackOff\)/, /KSEAL_AGENT_IMAGE/)
  })

  it('with a node that cannot enforce passes on the words of its doctor', () => {
    const log =
      'ok    BTF: there\nFAIL  the kernel: 4.19 is too old\n      why: programs need it\n      fix: upgrade to 5.10\n'
    only(
      withNode('old', 'Failed', log),
      'nodes',
      'fail',
      /^old cannot enforce: the kernel: 4\.19/,
      /^upgrade to 5\.10, or keep/,
    )
    only(withNode('old', 'Failed'), 'nodes', 'fail', /says its doctor/, /logs doctor-old/)
  })

  it('with a node of which nobody knows says how to learn', () => {
    const nodes = { found: [...found(GOOD.nodes), { name: 'new', os: 'linux' }] }
    only({ nodes }, 'nodes', 'unknown', /^1 of 2 can enforce; not known of new/, /deploy\/doctor/)
    assert.deepEqual(wrong(linesFor({ nodes: { found: [...found(GOOD.nodes), { name: 'w', os: 'windows' }] } })), [])
  })

  it('says the tiers that doctors have found', () => {
    const [line] = checkBefore({
      ...GOOD,
      ...withNode('n', 'Succeeded', 'ok    x: 9 loaded, refusal tier lsm, delivery'),
    }).slice(1)
    assert.equal(line?.found, '2 of 2 can enforce (tier lsm: 1)')
  })

  it('with a Pod that is older than the webhook asks for its restart', () => {
    const metadata = {
      name: 'old-7c9f8d-x2v9p',
      labels: { 'pod-template-hash': '7c9f8d' },
      creationTimestamp: '2020-01-01T00:00:00Z',
    }
    const fix = /^kubectl -n shop rollout restart deployment\/old$/
    only(
      withPods(bare(metadata)),
      'pods',
      'fail',
      /^shop\/old-7c9f8d-x2v9p: binds secrets, made before the webhook/,
      fix,
    )
  })

  it('with other Pods without the agent says why each has none', () => {
    only(withPods(bare()), 'pods', 'fail', /made while the webhook was not called/, /delete pod bare/)
    only(
      withPods(bare({ namespace: 'default' })),
      'pods',
      'fail',
      /`default` has no label/,
      /label .*default.*; make it/,
    )
    const annotations = { ...bare().metadata.annotations, 'kernelseal.io/inject': 'false' }
    assert.deepEqual(wrong(linesFor(withPods(bare({ annotations })))), [])
    assert.deepEqual(wrong(linesFor(withPods({ ...bare(), phase: 'Succeeded' }))), [])
  })

  it('with an agent that does not become ready names the log', () => {
    const containers = [{ name: 'kernelseal-agent', image: 'kernelseal-agent:0.1.0', ready: false, restarts: 4 }]
    only(
      withPods({ ...bare(), containers }),
      'pods',
      'fail',
      /agent is not ready, 4 restarts/,
      /logs bare -c kernelseal-agent/,
    )
    const [young] = [{ ...bare(), containers: [{ ...containers[0]!, restarts: 0 }] }] as PodFacts[]
    assert.deepEqual(wrong(linesFor(withPods(young!))), [])
  })

  it('without a policy says which, and its effect', () => {
    const { policies, bindings } = found(GOOD.policies)
    const without = policies.filter((name) => name !== 'kernelseal-priority')
    only(
      { policies: { found: { policies: without, bindings } } },
      'policies',
      'fail',
      /`kernelseal-priority` is missing: every/,
      /apply/,
    )
    const { 'kernelseal-priority': _, ...unbound } = bindings
    only({ policies: { found: { policies, bindings: unbound } } }, 'policies', 'fail', /is not bound/, /apply/)
    const warned = { ...bindings, 'kernelseal-priority': ['Warn'] }
    only(
      { policies: { found: { policies, bindings: warned } } },
      'policies',
      'warn',
      /refuses nothing \(Warn\)/,
      /Deny/,
    )
    const old = { server: { gitVersion: 'v1.24.1', minor: 24 }, policies: FORBIDDEN }
    assert.ok(!wrong(linesFor(old)).some(([what]) => what === 'policies'))
  })

  it('of another version is warned of, and of one that is too far away refused', () => {
    only({ version: '0.2.0' }, 'webhook', 'warn', /the webhook is 0\.1\.0, this command 0\.2\.0/, /docs\/upgrade\.md/)
    only({ version: '0.3.0' }, 'webhook', 'fail', /the webhook is 0\.1\.0/, /./)
    only({ version: '1.1.0' }, 'webhook', 'fail', /the webhook is 0\.1\.0/, /./)
    const env = { KSEAL_AGENT_IMAGE: 'registry:5000/kernelseal-agent:v0.0.9@sha256:ab' }
    const lines = wrong(linesFor(withDeployment({ env })))
    assert.deepEqual(
      lines.map(([what, state]) => `${what} ${state}`),
      ['webhook warn', 'pods warn'],
    )
    assert.match(lines[0]?.[2] ?? '', /the agent of new Pods is 0\.0\.9/)
  })

  it('that may not be read says which resources, and does not call the rest good', () => {
    const none = {
      configurations: FORBIDDEN,
      deployments: FORBIDDEN,
      replicas: FORBIDDEN,
      policies: FORBIDDEN,
      namespaces: FORBIDDEN,
    }
    const lines = linesFor({
      ...none,
      nodes: FORBIDDEN,
      pods: FORBIDDEN,
      doctors: FORBIDDEN,
      trial: { outcome: 'unknown', words: '403' },
    })
    assert.deepEqual(
      lines.map(({ what, state }) => `${what} ${state}`),
      [
        'cluster fail',
        ...['webhook', 'certificate', 'images', 'policies', 'namespaces', 'nodes', 'pods'].map(
          (what) => `${what} unknown`,
        ),
      ],
    )
    assert.match(
      lines[0]?.found ?? '',
      /^you may not read mutatingwebhookconfigurations, deployments, .*, nodes, pods$/,
    )
  })

  it('that is in trouble says its words where an answer is missing', () => {
    const refused = { refused: 'GET /api/v1/nodes: 500 etcd is slow', forbidden: false }
    only({ nodes: refused }, 'nodes', 'unknown', /not known: GET .*etcd is slow/, /^$/)
  })
})

it('the policies that are asked for are those of deploy/base', async () => {
  const { POLICIES } = await import('../../../agent/check/lines/policies.ts')
  const base = new URL('../../../deploy/base/', import.meta.url)
  const files = readFileSync(new URL('kustomization.yaml', base), 'utf8').match(/[\w-]+-policy\.yaml/g) ?? []
  const names = files
    .map((file) => readFileSync(new URL(file, base), 'utf8'))
    .flatMap((text) => [...text.matchAll(/^kind: ValidatingAdmissionPolicy\nmetadata:\n {2}name: (.+)$/gm)])
    .map(([, name]) => name)
  assert.deepEqual(Object.keys(POLICIES).sort(), names.sort())
})

function withNode(name: string, phase: string, log?: string): Pick<Facts, 'nodes' | 'doctors'> {
  const pod = { ...bare({ name: `doctor-${name}`, annotations: {} }), node: name, phase }
  return {
    nodes: { found: [...found(GOOD.nodes), { name, os: 'linux' }] },
    doctors: { found: [...found(GOOD.doctors), { pod, ...(log === undefined ? {} : { log }) }] },
  }
}
