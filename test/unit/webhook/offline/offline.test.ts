import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { load } from 'js-yaml'
import { applyOperations } from '../../../../webhook/offline/apply-operations.ts'
import { printManifests, readManifests } from '../../../../webhook/offline/documents.ts'
import { explain, explanationText } from '../../../../webhook/offline/explain.ts'
import { decideManifests, injectFile } from '../../../../webhook/offline/inject-manifests.ts'
import { lintManifests } from '../../../../webhook/offline/lint/lint.ts'
import { offlineCluster } from '../../../../webhook/offline/offline-cluster.ts'
import { uninjectPod } from '../../../../webhook/offline/uninject-pod.ts'
import { podsIn } from '../../../../webhook/offline/workloads.ts'
import { CLUSTER, inject, NONCE, OLD_CLUSTER, patched, SETTINGS } from '../fixtures.ts'

const template = `
metadata:
  annotations: { secret.kernelseal.io/TOKEN: secret/api/token }
  labels: { app: web }
spec:
  containers: [{ name: app, image: 'a:1', future: { x: 1 } }]
`
const indent = (text: string, by: number) => text.trim().replace(/^/gm, ' '.repeat(by))
const workload = (kind: string) =>
  kind === 'CronJob'
    ? `kind: CronJob\nmetadata: { name: w }\nspec:\n  schedule: '* * * * *'\n  jobTemplate:\n    spec:\n      template:\n${indent(template, 8)}\n`
    : kind === 'Pod'
      ? `kind: Pod\n${template}`
      : `kind: ${kind}\nmetadata: { name: w }\nspec:\n  future: kept\n  template:\n${indent(template, 4)}\n`

const surroundings = (text: string) => {
  const file = readManifests(text, 'w.yaml')
  return {
    file,
    given: { settings: SETTINGS, cluster: offlineCluster(file.objects, 'enforce', 34), namespace: undefined },
  }
}

describe('a manifest', () => {
  for (const kind of ['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'Rollout']) {
    it(`with a ${kind} is injected where its Pod is, and keeps every other field`, () => {
      const { file, given } = surroundings(workload(kind))
      const [before] = file.objects.flatMap((object) => podsIn(object))
      const [after] = injectFile(file, given).flatMap((object) => podsIn(object))
      const pod = after!.pod as unknown as {
        spec: { initContainers: { name: string }[]; containers: { future: object }[] }
      }
      assert.equal(pod.spec.initContainers[0]!.name, 'kernelseal-agent')
      assert.deepEqual(pod.spec.containers[0]!.future, { x: 1 })
      assert.deepEqual(after!.steps, before!.steps)
      assert.equal(
        (injectFile(file, given)[0] as { spec: { future?: string } }).spec.future,
        kind === 'Pod' || kind === 'CronJob' ? undefined : 'kept',
      )
    })
  }

  it('with a List in a List is injected inside', () => {
    const { file, given } = surroundings(
      JSON.stringify({
        kind: 'List',
        items: [load(workload('Pod')), { kind: 'PodList', items: [load(workload('Pod'))] }, { kind: 'Service' }],
      }),
    )
    assert.equal(file.format, 'json')
    assert.deepEqual(
      decideManifests([file], given).map(({ outcome }) => outcome.reason),
      ['injected', 'injected'],
    )
    assert.equal(injectFile(file, given).flatMap((object) => podsIn(object)).length, 2)
  })

  it('is read as Kubernetes reads it, and written so that it stays the same', () => {
    const text =
      'mode: 0644\non: yes\nquoted: "yes"\nport: 22:22\nday: 2020-01-01\nhex: 0x10\nversion: "1.0"\nnone: ~\n---\n---\nb: 1\n'
    const { objects } = readManifests(text, 'x')
    assert.deepEqual(objects, [
      { mode: 420, true: true, quoted: 'yes', port: '22:22', day: '2020-01-01', hex: 16, version: '1.0', none: null },
      { b: 1 },
    ])
    assert.deepEqual(readManifests(printManifests(objects, 'yaml'), 'x').objects, objects)
    assert.throws(() => readManifests('a: [', 'broken.yaml'), /^ConfigError: broken.yaml:\d+: is not valid YAML/)
  })
})

describe('uninject', () => {
  const PODS = new URL('../../../fixtures/pods/', import.meta.url)
  /** Of these something cannot be told any more: forged parts, and lists that were empty. */
  const LOSSY = [
    'a-forged-placeholder',
    'a-forged-status',
    'a-stale-sealed-env',
    'another-webhook-writes-into-the-agent',
    'seal-env-a-variable-set-twice',
    'seal-env-a-default-before-its-reference',
    'empty-and-null-lists',
    'null-annotations-and-labels',
    'seal-env-a-forged-list',
    'seal-env-connection-string',
  ]
  for (const file of readdirSync(PODS).filter((name) => name.endsWith('.yaml'))) {
    const pod = load(readFileSync(new URL(file, PODS), 'utf8'))
    const outcome = inject(pod, NONCE, file.startsWith('before-1-29-') ? OLD_CLUSTER : CLUSTER)
    if (outcome.kind !== 'inject' || LOSSY.includes(file.slice(0, -5))) continue
    it(`gives back ${file.slice(0, -5).replaceAll('-', ' ')}`, () => {
      assert.deepEqual(applyOperations(pod, outcome.operations), patched(pod, outcome.operations))
      assert.deepEqual(uninjectPod(applyOperations(pod, outcome.operations)), pod)
    })
  }

  it('leaves alone Pods that were not injected', () => {
    assert.equal(uninjectPod({ metadata: {}, spec: { containers: [{ name: 'a' }] } }), undefined)
    assert.equal(uninjectPod('text'), undefined)
  })
})

describe('explain', () => {
  const explained = (text: string) => {
    const { file, given } = surroundings(text)
    return decideManifests([file], given).map((decided) => explanationText(explain(decided, given.cluster)))
  }

  it('names the decision, the reason and every change', () => {
    assert.deepEqual(explained(workload('Deployment')), [
      `w.yaml: Deployment w: injected (injected)
  the agent and the placeholders are in the Pod
  - annotation \`kernelseal.io/status\` is set
  - annotation \`kernelseal.io/mode\` is set
  - annotation \`kubectl.kubernetes.io/default-container\` is set
  - annotation \`cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes\` is set
  - the containers share one PID namespace
  - volume \`kernelseal-podinfo\`: the Pod's annotations, for the agent to read its policy from
  - volume \`kernelseal-bpffs\`: \`/sys/fs/bpf\` of the node
  - volume \`kernelseal-securityfs\`: \`/sys/kernel/security\` of the node
  - volume \`kernelseal-secret-14c2529eb449\`: \`token\` of Secret \`api\`, mounted into the agent alone
  - init container \`kernelseal-agent\` comes first: no other starts before protection stands
  - it requests 10m cpu, 64Mi memory and may use 256Mi memory
  - container \`app\`: \`TOKEN\` is a placeholder of 256 bytes, filled from key \`token\` of Secret \`api\`
`,
    ])
  })

  it('calls the token for a server with secrets a token', () => {
    const bindings = JSON.stringify([
      { name: 'b', secretRefs: [{ name: 'T', source: { vaultRef: { path: 'a', key: 'k' } } }] },
    ])
    const pod = `kind: Pod\nmetadata: { name: w, annotations: { kernelseal.io/bindings: '${bindings}' } }\nspec: { containers: [{ name: app, image: 'a:1' }] }`
    const { file, given } = surroundings(pod)
    const servers = [{ kind: 'vaultRef' as const, name: 'vault', variables: { ADDR: 'https://v' }, audience: '' }]
    const settings = { agent: { ...SETTINGS.agent, servers } }
    const [text] = decideManifests([file], { ...given, settings }).map((one) =>
      explanationText(explain(one, given.cluster)),
    )
    assert.match(text ?? '', /volume `kernelseal-vault-token`: a service-account token for a server with secrets/)
  })

  it('names the program that alone is given a variable', () => {
    const bindings = JSON.stringify([
      {
        name: 'probe',
        selector: { binary: '/usr/bin/redis-cli', lineage: 'any' },
        secretRefs: [{ name: 'TOKEN', source: { secretKeyRef: { name: 'api', key: 'probe' } } }],
      },
    ])
    const [text] = explained(
      workload('Pod').replace('annotations: {', `annotations: { kernelseal.io/bindings: '${bindings}',`),
    )
    assert.match(
      text!,
      /from key `probe` of Secret `api` for `\/usr\/bin\/redis-cli` alone, visitors too, and key `token` of Secret `api`\n/,
    )
  })

  it('says that the webhook is not called for a namespace that has not opted in', () => {
    const [text] = explained(
      `kind: Namespace\nmetadata: { name: shop }\n---\n${workload('Deployment').replace('name: w', 'name: w, namespace: shop')}`,
    )
    assert.match(
      text!,
      /Deployment shop\/w: not injected \(not-called\)\n {2}namespace `shop` has no label `kernelseal.io\/injection: enabled`/,
    )
  })

  it('says why a Pod is refused, and by which label', () => {
    const labels = 'kernelseal.io/injection: enabled, pod-security.kubernetes.io/enforce: baseline'
    const [text] = explained(
      `kind: Namespace\nmetadata: { name: shop, labels: { ${labels} } }\n---\n${workload('Job').replace('name: w', 'name: w, namespace: shop')}`,
    )
    assert.match(text!, /Job shop\/w: refused \(pod-security\)/)
  })
})

describe('lint', () => {
  const linted = (text: string) => {
    const { file, given } = surroundings(text)
    return lintManifests([file], decideManifests([file], given)).map(
      ({ severity, object, text }) => `${severity}: ${object}: ${text}`,
    )
  }

  for (const [what, text, finding] of [
    [
      'an annotation on the Deployment',
      workload('Deployment').replace('name: w', 'name: w, annotations: { kernelseal.io/seal-env: "true" }'),
      /^error: Deployment w: `kernelseal.io\/seal-env` stands on the Deployment itself.*Pod template/,
    ],
    [
      'a mistyped annotation',
      workload('Job').replace('secret.kernelseal.io/TOKEN', 'kernelseal.io/seal-evn'),
      /^warning: Job w: kernelseal.io\/seal-evn: is not a key.*seal-env/,
    ],
    [
      'a wrong reference',
      workload('Job').replace('secret/api/token', 'hunter2'),
      /^error: Job w: .*is not a reference to a secret/,
    ],
    [
      'a namespace label',
      'kind: Namespace\nmetadata: { name: shop, labels: { kernelseal.io/injection: "true" } }',
      /^error: Namespace shop: label `kernelseal.io\/injection` is `true`, must be `enabled`/,
    ],
    [
      'a namespace label mistyped',
      'kind: Namespace\nmetadata: { name: shop, labels: { kernelseal.io/injecton: enabled } }',
      /did you mean `kernelseal.io\/injection`/,
    ],
    [
      'a namespace annotation',
      'kind: Namespace\nmetadata: { name: shop, annotations: { kernelseal.io/mode: audit } }',
      /must be a label/,
    ],
    [
      'a key its Secret lacks',
      `kind: Secret\nmetadata: { name: api }\nstringData: { tokken: x }\n---\n${workload('Pod')}`,
      /^error: Pod \*: Secret `api` has no key `token` \(did you mean `tokken`\?\)/,
    ],
  ] as const) {
    it(`names ${what}`, () => {
      const found = linted(text)
      assert.equal(found.length, 1, found.join('\n'))
      assert.match(found[0]!, finding)
    })
  }

  it('finds nothing in correct manifests', () => assert.deepEqual(linted(workload('CronJob')), []))
})
