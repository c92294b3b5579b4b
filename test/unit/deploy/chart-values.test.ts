/** The values of the Helm chart keep their word, and wrong ones are refused. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { OF_THE_USER } from '../../../scripts/chart.d/settings.ts'
import { loadSettings } from '../../../webhook/settings/load.ts'
import { envOf } from '../../../webhook/settings/table.ts'
import { CHART, render, rendered, WITHOUT_HELM } from '../../support/helm.ts'
import type { Manifest } from '../../support/kustomize.ts'

const named = (objects: readonly Manifest[], kind: string, name?: string): Manifest => {
  const found = objects.find(
    (object) => object.kind === kind && (name ?? object.metadata.name) === object.metadata.name,
  )
  assert.ok(found, `${kind} ${name ?? ''} is missing`)
  return found
}
const podOf = (objects: readonly Manifest[]) => named(objects, 'Deployment').spec.template.spec
const envIn = (objects: readonly Manifest[]): Record<string, string> =>
  Object.fromEntries(podOf(objects).containers[0].env.map(({ name, value }: Record<string, string>) => [name, value]))

describe('the values of the chart', { skip: WITHOUT_HELM }, () => {
  it('has the Secret and the Lease go with the chart, empty, where the namespace does not', () => {
    const objects = rendered()
    assert.equal(named(objects, 'Secret', 'kernelseal-webhook-tls').data, undefined)
    assert.equal(named(objects, 'Lease', 'kernelseal-webhook-tls').spec, undefined)
    assert.ok(!objects.some(({ kind }) => kind === 'Namespace'))
  })

  it('mounts an existing certificate, and leaves the webhook no right to make one', () => {
    const objects = rendered('--set', 'certificates.mode=existing,certificates.secretName=mine')
    assert.equal(podOf(objects).volumes[0].secret.secretName, 'mine')
    assert.equal(envIn(objects).KSEAL_CERT_SECRET, undefined)
    assert.ok(!objects.some(({ kind, metadata }) => kind === 'Role' || metadata.name.endsWith('ca-bundle')))
  })

  it('takes an issuer of yours, and brings none then', () => {
    const issuer =
      'certificates.mode=cert-manager,certificates.issuerRef.name=corporate,certificates.issuerRef.kind=ClusterIssuer'
    const objects = rendered('--set', issuer)
    assert.deepEqual(named(objects, 'Certificate').spec.issuerRef, { name: 'corporate', kind: 'ClusterIssuer' })
    assert.ok(!objects.some(({ kind }) => kind === 'Issuer'))
  })

  it('takes images by tag or by digest', () => {
    const digest = `sha256:${'a'.repeat(64)}`
    const objects = rendered(
      '--set',
      `image.agent.repository=r.example/agent,image.agent.digest=${digest},image.webhook.tag=v9`,
    )
    assert.equal(envIn(objects).KSEAL_AGENT_IMAGE, `r.example/agent@${digest}`)
    assert.equal(podOf(objects).containers[0].image, 'kernelseal-webhook:v9')
  })

  it('gives the webhook settings under the names it reads', () => {
    const texts = {
      agentFileRoots: '{/a,/b}',
      agentPullSecrets: '{mirror}',
      agentLockPolicy: 'true',
      agentMemoryLimit: '1Gi',
      drainSeconds: '20',
    }
    const sets = Object.entries(texts).map(([name, value]) => `settings.${name}=${value}`)
    const objects = rendered('--set', sets.join(','), '--set', 'ports.https=10260,ports.metrics=9191')
    const settings = loadSettings([], envIn(objects))
    assert.deepEqual([settings.agentFileRoots, settings.agentPullSecrets], [['/a', '/b'], ['mirror']])
    const { agentLockPolicy, agentMemoryLimit, drainSeconds, port, metricsPort } = settings
    assert.deepEqual(
      [agentLockPolicy, agentMemoryLimit, drainSeconds, port, metricsPort],
      ['true', '1Gi', 20, 10260, 9191],
    )
    assert.equal(podOf(objects).terminationGracePeriodSeconds, 40)
    const ports = podOf(objects).containers[0].ports.map(
      ({ containerPort }: { containerPort: number }) => containerPort,
    )
    assert.deepEqual(ports, [10260, 9191])
  })

  it('makes of every setting the variable of its name', () => {
    const { properties } = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')).properties.settings
    const sample = ({ type, enum: words }: { type?: string | string[]; enum?: string[] }) =>
      words?.[0] ?? (type === 'boolean' ? 'true' : type === 'integer' ? '7' : type === 'array' ? '{a}' : 'x')
    const sets = OF_THE_USER.map((name) => `settings.${name}=${sample(properties[name])}`)
    const env = envIn(rendered('--set', sets.join(',')))
    assert.deepEqual(
      OF_THE_USER.map(envOf).filter((name) => env[name] === undefined),
      [],
    )
  })

  it('stands on the network of the host, and lets the namespace allow it', () => {
    const objects = rendered('--set', 'hostNetwork=true,namespace.create=true')
    assert.deepEqual([podOf(objects).hostNetwork, podOf(objects).dnsPolicy], [true, 'ClusterFirstWithHostNet'])
    assert.equal(named(objects, 'Namespace').metadata.labels?.['pod-security.kubernetes.io/enforce'], 'privileged')
  })

  it('goes without its PriorityClass where you name one, and without a budget where there is one replica', () => {
    const kinds = rendered('--set', 'priorityClassName=mine,replicas=1').map(
      ({ kind, metadata }) => `${kind} ${metadata.name}`,
    )
    assert.ok(!kinds.some((name) => /^PriorityClass|^PodDisruptionBudget|kernelseal-priority/.test(name)))
  })

  it('goes into another namespace whole', () => {
    const { stdout } = render('-n', 'secrets', '--set', 'certificates.mode=cert-manager,monitors.enabled=true')
    assert.doesNotMatch(stdout, /kernelseal-system/)
    assert.match(stdout, /system:serviceaccount:secrets:kernelseal-webhook/)
    const env = envIn(rendered('-n', 'secrets'))
    const settings = loadSettings([], env)
    assert.equal(settings.namespace, 'secrets')
    assert.ok(settings.dnsNames.includes('kernelseal-webhook.secrets.svc'))
  })
})

describe('a wrong value', { skip: WITHOUT_HELM }, () => {
  const WRONG = {
    'replica=3': /additional properties 'replica' not allowed/,
    'settings.defaultMod=audit': /additional properties 'defaultMod' not allowed/,
    'settings.defaultMode=loud': /'enforce', 'audit', 'disabled'/,
    'settings.certSecret=x': /additional properties 'certSecret' not allowed/,
    'certificates.mode=none': /'self-signed', 'cert-manager', 'existing'/,
    'image.agent.digest=latest': /does not match pattern/,
    'failurePolicy=Never': /'Fail', 'Ignore'/,
    'failurePolicy=Ignore,podPolicy.enabled=true': /podPolicy\.enabled needs failurePolicy: Fail/,
  }
  for (const [set, message] of Object.entries(WRONG)) {
    it(`is refused: ${set}`, () => {
      const { status, stderr } = render('--set', set)
      assert.notEqual(status, 0)
      assert.match(stderr, message)
    })
  }
})
