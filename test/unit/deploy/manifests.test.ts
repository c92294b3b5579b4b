import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { AGENT_CONTAINER } from '../../../agent/policy/sidecar.ts'
import { INJECTION_LABEL } from '../../../webhook/mutate/cluster/namespaces.ts'
import { NOTHING_TO_SEAL } from '../../../webhook/mutate/inject.ts'
import { CRIO_USERNS } from '../../../webhook/mutate/refuse/nodes.ts'
import { readManifests } from '../../../webhook/offline/documents.ts'
import { decideManifests } from '../../../webhook/offline/inject-manifests.ts'
import { lintManifests } from '../../../webhook/offline/lint/lint.ts'
import { offlineCluster } from '../../../webhook/offline/offline-cluster.ts'
import { loadSettings } from '../../../webhook/settings/load.ts'
import { envOf, NAMES } from '../../../webhook/settings/table.ts'
import { fits, isOld, overlayFor } from '../../support/cluster/overlays.ts'
import { build, type Manifest } from '../../support/kustomize.ts'
import { inject, patched, SETTINGS } from '../webhook/fixtures.ts'

const DEPLOY = fileURLToPath(new URL('../../../deploy/', import.meta.url))
const OVERLAYS = readdirSync(join(DEPLOY, 'overlays'))

const named = (manifests: readonly Manifest[], kind: string, name?: string): Manifest => {
  const found = manifests.find(
    (manifest) => manifest.kind === kind && (name ?? manifest.metadata.name) === manifest.metadata.name,
  )
  assert.ok(found, `${kind} ${name ?? ''} is missing`)
  return found
}
const webhooksOf = (manifests: readonly Manifest[]) =>
  manifests.filter(({ kind }) => kind.endsWith('WebhookConfiguration')).flatMap(({ webhooks }) => webhooks)

describe('the overlay for Kubernetes 1.21 to 1.29', () => {
  const [old, own] = ['kubernetes-1.21', 'self-signed'].map((name) => build(join(DEPLOY, 'overlays', name)))
  const keyOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`

  it('is self-signed without the policies, and differs in the webhook configurations alone', () => {
    const kept = own!.filter(({ kind }) => !kind.startsWith('ValidatingAdmissionPolicy'))
    assert.ok(kept.length < own!.length)
    assert.deepEqual(old!.map(keyOf), kept.map(keyOf))
    const changed = kept.filter((object, nth) => !isDeepStrictEqual(object, old![nth])).map(keyOf)
    assert.deepEqual(changed.sort(), [
      'MutatingWebhookConfiguration /kernelseal',
      'ValidatingWebhookConfiguration /kernelseal',
    ])
  })

  it('asks without conditions, about fewer things, and otherwise as self-signed does', () => {
    for (const webhook of webhooksOf(old!)) {
      const { matchConditions: _, ...mine } = webhook
      const { matchConditions: __, ...theirs } = webhooksOf(own!).find(({ name }) => name === webhook.name)
      assert.equal(webhook.matchConditions, undefined)
      const [{ namespaceSelector, ...others }, { namespaceSelector: wider, ...same }] = [mine, theirs]
      assert.deepEqual(others, same)
      assert.deepEqual(namespaceSelector.matchLabels, { [INJECTION_LABEL]: 'enabled' })
      assert.deepEqual(namespaceSelector.matchExpressions, wider.matchExpressions)
    }
  })

  it('is the one for these versions, and each version has one', () => {
    const fitting = [20, 21, 25, 29, 30, 36].map((minor) => OVERLAYS.filter((name) => fits(name, minor)))
    const latest = ['audit', 'cert-manager', 'self-signed']
    const [older, oldest] = [['kubernetes-1.21'], ['kubernetes-1.20']]
    assert.deepEqual(fitting, [oldest, older, older, older, latest, latest])
    assert.deepEqual([20, 29, 30].map(overlayFor), ['kubernetes-1.20', 'kubernetes-1.21', 'self-signed'])
  })
})

for (const overlay of OVERLAYS) {
  describe(`the manifests of deploy/overlays/${overlay}`, () => {
    const all = build(join(DEPLOY, 'overlays', overlay))
    const deployment = named(all, 'Deployment')
    const [container] = deployment.spec.template.spec.containers
    const env: { name: string; value?: string }[] = container.env

    it('are all different objects, and stand in namespaces that are among them', () => {
      const keys = all.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
      assert.deepEqual(keys, [...new Set(keys)])
      const namespaces = all.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name)
      for (const { metadata } of all)
        assert.ok(metadata.namespace === undefined || namespaces.includes(metadata.namespace))
    })

    it('select the Pods of the Deployment, by Service, budget, network policy and affinity', () => {
      const { labels } = deployment.spec.template.metadata
      const budget = named(all, 'PodDisruptionBudget')
      const selectors = [
        deployment.spec.selector.matchLabels,
        named(all, 'Service').spec.selector,
        budget.spec.selector.matchLabels,
        named(all, 'NetworkPolicy').spec.podSelector.matchLabels,
        deployment.spec.template.spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]
          .podAffinityTerm.labelSelector.matchLabels,
      ]
      for (const selector of selectors) assert.deepEqual({ ...labels, ...selector }, labels)
      assert.ok(budget.spec.minAvailable < deployment.spec.replicas)
      assert.equal(budget.apiVersion, overlay === 'kubernetes-1.20' ? 'policy/v1beta1' : 'policy/v1')
    })

    it('call a Service and paths that exist, by the ports the container has', () => {
      const service = named(all, 'Service')
      const ports: { name: string; containerPort: number }[] = container.ports
      const names = ports.map(({ name }) => name)
      for (const { clientConfig } of webhooksOf(all)) {
        const { name, namespace, path, port } = clientConfig.service
        assert.deepEqual([name, namespace], [service.metadata.name, service.metadata.namespace])
        assert.ok(['/mutate', '/validate'].includes(path))
        assert.equal(service.spec.ports.find((given: { port: number }) => given.port === port).targetPort, 'https')
      }
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        assert.ok(names.includes(container[probe].httpGet.port), probe)
      }
      const settings = loadSettings([], Object.fromEntries(env.map(({ name, value }) => [name, value ?? ''])))
      assert.deepEqual(
        ports.map(({ containerPort }) => containerPort),
        [settings.port, settings.metricsPort],
      )
      assert.ok(deployment.spec.template.spec.terminationGracePeriodSeconds > settings.drainSeconds + 5)
      assert.ok(settings.dnsNames.includes(`${service.metadata.name}.${service.metadata.namespace}.svc`))
    })

    it('give the webhook only settings it knows', () => {
      const runtime = [
        'NODE_OPTIONS',
        'MALLOC_ARENA_MAX',
        'MALLOC_MMAP_THRESHOLD_',
        'MALLOC_TRIM_THRESHOLD_',
        'MALLOC_TOP_PAD_',
      ]
      const known = [...NAMES.map(envOf), ...runtime]
      assert.deepEqual(
        env.map(({ name }) => name).filter((name) => !known.includes(name)),
        [],
      )
    })

    it('bind roles that exist to accounts that exist, without wildcards', () => {
      for (const { kind, roleRef, subjects } of all.filter(({ kind }) => kind.endsWith('RoleBinding'))) {
        named(all, roleRef.kind, roleRef.name)
        assert.equal(roleRef.kind, kind.replace('Binding', ''))
        for (const { name } of subjects) named(all, 'ServiceAccount', name)
      }
      assert.equal(deployment.spec.template.spec.serviceAccountName, named(all, 'ServiceAccount').metadata.name)
      for (const { rules } of all.filter(({ kind }) => kind.endsWith('Role'))) {
        assert.doesNotMatch(JSON.stringify(rules), /\*/)
        assert.doesNotMatch(
          JSON.stringify(rules.filter((rule: { resources: string[] }) => rule.resources.includes('pods'))),
          /verbs/,
        )
      }
      named(all, 'PriorityClass', deployment.spec.template.spec.priorityClassName)
    })

    it('hold the webhook itself to Pod Security `restricted`', () => {
      assert.equal(named(all, 'Namespace').metadata.labels?.['pod-security.kubernetes.io/enforce'], 'restricted')
      const { securityContext } = deployment.spec.template.spec
      assert.equal(securityContext.runAsNonRoot, true)
      assert.deepEqual(securityContext.seccompProfile, { type: 'RuntimeDefault' })
      assert.deepEqual(container.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
    })

    it('hold up only namespaces that opted in or the agents themselves, and answer within 5 s', () => {
      for (const webhook of webhooksOf(all)) {
        const { name, namespaceSelector, matchConditions, failurePolicy, sideEffects, timeoutSeconds } = webhook
        const [first] = matchConditions ?? []
        const byAgent = first?.expression.includes(`== '${AGENT_CONTAINER}'`) ?? false
        assert.ok(byAgent || namespaceSelector.matchLabels?.[INJECTION_LABEL] === 'enabled', name)
        assert.deepEqual([failurePolicy, sideEffects, timeoutSeconds], ['Fail', 'None', 5])
      }
    })

    it('ask about an annotation by which CRI-O would start a sealed Pod in a user namespace', () => {
      const asked = webhooksOf(all).find(({ name }) => name === 'annotations.kernelseal.io')
      const isNamed = JSON.stringify(asked?.matchConditions)?.includes(`key == '${CRIO_USERNS}'`)
      assert.equal(isNamed, isOld(overlay) ? undefined : true)
    })

    it('look at nothing of the system or of ourselves, whichever asks', () => {
      const bindings = all
        .filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding')
        // Those are about ourselves.
        .filter(({ metadata }) => !metadata.name.startsWith('kernelseal-own-'))
      const selectors = [
        ...webhooksOf(all).map(({ namespaceSelector }) => namespaceSelector),
        ...bindings.map(({ spec }) => spec.matchResources.namespaceSelector),
      ]
      assert.equal(selectors.length, isOld(overlay) ? 3 : 10)
      for (const { matchExpressions } of selectors) {
        const values = ['kube-system', deployment.metadata.namespace]
        assert.deepEqual(matchExpressions[0], { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values })
      }
    })

    it('ask the API server to filter by CEL and to check the result, where it can', () => {
      const old = isOld(overlay)
      assert.equal(
        all.some(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy')),
        !old,
      )
      assert.equal(
        webhooksOf(all).some(({ matchConditions }) => matchConditions !== undefined),
        !old,
      )
      const policies = all.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')
      assert.equal(policies.length, old ? 0 : 7)
      for (const { metadata, spec } of policies) {
        assert.equal(spec.failurePolicy, 'Fail')
        const binding = named(all, 'ValidatingAdmissionPolicyBinding', metadata.name)
        assert.deepEqual([binding.spec.policyName, binding.spec.validationActions], [metadata.name, ['Deny']])
      }
    })

    it('name the account, the class and the container that are there', () => {
      const texts = all
        .filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')
        .map(({ spec }) => JSON.stringify(spec))
      if (texts.length === 0) return
      const account = named(all, 'ServiceAccount').metadata
      const user = `system:serviceaccount:${account.namespace}:${account.name}`
      for (const word of [`'${AGENT_CONTAINER}'`, `'${named(all, 'PriorityClass').metadata.name}'`, `'${user}'`]) {
        assert.ok(
          texts.some((text) => text.includes(word)),
          word,
        )
      }
    })
  })
}

it('the policy for Pods knows the volumes and the container that the webhook adds, and its word for nothing to seal', () => {
  const policy = named(build(join(DEPLOY, 'pod-policy')), 'ValidatingAdmissionPolicy', 'kernelseal-pods')
  const text = JSON.stringify(policy.spec)
  const pod = {
    metadata: { annotations: { 'secret.kernelseal.io/A': 'secret/s/k' } },
    spec: { containers: [{ name: 'app' }] },
  }
  const outcome = inject(pod)
  const { spec } = patched(pod, outcome.kind === 'inject' ? outcome.operations : []) as Manifest
  const onHost: Manifest[] = spec.volumes.filter(({ hostPath }: Manifest) => hostPath !== undefined)
  assert.equal(onHost.length, 2)
  for (const { name, hostPath } of onHost)
    assert.ok(text.includes(`'${name}' && volume.hostPath.path == '${hostPath.path}'`), name)
  for (const word of [`'${AGENT_CONTAINER}'`, JSON.stringify(NOTHING_TO_SEAL).slice(1, -1)])
    assert.ok(text.includes(word), word)
})

describe('the certificate of cert-manager', () => {
  const all = build(join(DEPLOY, 'overlays/cert-manager'))
  const certificate = named(all, 'Certificate', 'kernelseal-webhook')

  it('is for the Service, and its Secret is the one that is mounted and published', () => {
    const { name, namespace } = named(all, 'Service').metadata
    assert.ok(certificate.spec.dnsNames.includes(`${name}.${namespace}.svc`))
    const { volumes, containers } = named(all, 'Deployment').spec.template.spec
    assert.equal(volumes[0].secret.secretName, certificate.spec.secretName)
    const mount = containers[0].volumeMounts[0]
    assert.equal(mount.name, volumes[0].name)
    const files = containers[0].env.filter(({ name }: { name: string }) => /_FILE$/.test(name))
    assert.deepEqual(
      files.map(({ value }: { value: string }) => value),
      [`${mount.mountPath}/tls.crt`, `${mount.mountPath}/tls.key`],
    )
    for (const { metadata } of all.filter(({ kind }) => kind.endsWith('WebhookConfiguration'))) {
      assert.equal(
        metadata.annotations?.['cert-manager.io/inject-ca-from'],
        `${namespace}/${certificate.metadata.name}`,
      )
    }
  })

  it('comes from issuers that are there', () => {
    for (const { spec } of all.filter(({ kind }) => kind === 'Certificate')) named(all, 'Issuer', spec.issuerRef.name)
    assert.equal(
      named(all, 'Issuer', 'kernelseal-ca').spec.ca.secretName,
      named(all, 'Certificate', 'kernelseal-ca').spec.secretName,
    )
  })
})

describe('the examples', () => {
  const directory = join(DEPLOY, 'examples')
  const files = readdirSync(directory).map((file) => readManifests(readFileSync(join(directory, file), 'utf8'), file))
  const cluster = offlineCluster(
    files.flatMap(({ objects }) => objects),
    'enforce',
    34,
  )
  const decided = decideManifests(files, { settings: SETTINGS, cluster, namespace: undefined })

  it('are injected, every one', () => {
    assert.ok(decided.length >= 3)
    for (const { outcome, where } of decided) assert.equal(outcome.reason, 'injected', where)
  })

  it('have nothing to lint', () => assert.deepEqual(lintManifests(files, decided), []))
})
