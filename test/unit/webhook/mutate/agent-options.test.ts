/** Settings that the webhook hands on to the agent, and that a Pod's author has no say in it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { admittedPolicy, loadAgentConfig } from '../../../../agent/config/load.ts'
import { ADMITTED_VARIABLE } from '../../../../agent/policy/sidecar.ts'
import { injectPod } from '../../../../webhook/mutate/inject.ts'
import { loadSettings } from '../../../../webhook/settings/load.ts'
import { agentSettings } from '../../../../webhook/settings/table.ts'
import { CLUSTER, NONCE, OLD_CLUSTER, patched } from '../fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'kernelseal-options-'))
const file = join(folder, 'annotations')
after(() => rmSync(folder, { recursive: true }))

const VAULT = ['--vault-address', 'https://vault.example:8200', '--vault-role', 'shop']
const LITERAL = { value: 'changeme' }
const SECRET = { secretKeyRef: { name: 'db', key: 'password' } }
const REMOTE = { vaultRef: { path: 'shop/db', key: 'password' } }

const podOf = (source: object, annotations: Record<string, string> = {}) => ({
  metadata: {
    annotations: {
      'kernelseal.io/bindings': JSON.stringify([{ name: 'b', secretRefs: [{ name: 'PASSWORD', source }] }]),
      ...annotations,
    },
  },
  spec: { restartPolicy: 'Never', containers: [{ name: 'app', image: 'app' }] },
})

function decided(pod: object, flags: readonly string[], cluster = CLUSTER) {
  const agent = agentSettings(loadSettings(['--agent-image', 'agent', ...flags], {}))
  return injectPod(pod, { agent }, { nonce: () => NONCE, cluster, namespace: 'shop' })
}

function injected(pod: object, flags: readonly string[], cluster = CLUSTER) {
  const outcome = decided(pod, flags, cluster)
  assert.equal(outcome.kind, 'inject', JSON.stringify(outcome))
  return { outcome, pod: patched(pod, outcome.kind === 'inject' ? outcome.operations : []) as never as Injected }
}

interface Container {
  readonly args: readonly string[]
  readonly env: readonly { readonly name: string; readonly value?: string }[]
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  readonly startupProbe?: { readonly exec: { readonly command: string[] }; readonly timeoutSeconds: number }
  readonly lifecycle?: { readonly postStart: { readonly exec: { readonly command: readonly string[] } } }
}
interface Injected {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> }
  readonly spec: {
    readonly initContainers: readonly [Container]
    readonly containers: readonly [Container]
    readonly volumes: readonly { readonly name: string }[]
  }
}

const agentOf = (pod: object, flags: readonly string[]): Container => injected(pod, flags).pod.spec.initContainers[0]

describe('the agent’s options', () => {
  it('are none by default', () => {
    assert.deepEqual(agentOf(podOf(SECRET), []).args, ['run'])
  })

  it('are those of the webhook’s settings, in both forms of the sidecar', () => {
    const flags = ['--agent-lock-policy', 'true', '--agent-allow-literal', 'true']
    assert.deepEqual(agentOf(podOf(LITERAL), flags).args, ['run', '--lock-policy', '--allow-literal'])
    const { pod } = injected(podOf(LITERAL), flags, OLD_CLUSTER)
    const [agent] = pod.spec.containers
    assert.deepEqual(agent.args, ['sidecar', '--end-after', '10', '--lock-policy', '--allow-literal'])
  })

  it('have the time that the settings give it, in both forms', () => {
    for (const [given, taken] of [
      ['240', 240],
      ['0', 1],
    ] as const) {
      const flags = ['--agent-ready-seconds', given]
      const { exec, timeoutSeconds } = agentOf(podOf(SECRET), flags).startupProbe!
      assert.deepEqual(exec.command, ['kernelseal', 'wait', '--timeout', `${taken}`])
      assert.ok(timeoutSeconds > taken)
      const [agent] = injected(podOf(SECRET), flags, OLD_CLUSTER).pod.spec.containers
      assert.deepEqual(agent.lifecycle?.postStart.exec.command.slice(-2), ['--timeout', `${taken}`])
    }
  })

  it('carry the policy of admission where it is locked, and the agent holds annotations to it', () => {
    const source = { template: 'postgres://app:$(PASSWORD)@db' }
    const refs = [
      { name: 'PASSWORD', source: SECRET },
      { name: 'URL', source },
    ]
    const bindings = JSON.stringify([{ name: 'b', selector: { binary: '/app' }, secretRefs: refs }])
    const submitted = podOf(SECRET, { 'kernelseal.io/bindings': bindings })
    const { pod } = injected(submitted, ['--agent-lock-policy', 'true'])
    const variable = pod.spec.initContainers[0].env.find(({ name }) => name === ADMITTED_VARIABLE)
    const admitted = admittedPolicy({ [ADMITTED_VARIABLE]: variable?.value?.replaceAll('$$', '$') })
    const load = (more: Record<string, string>) => {
      const { annotations } = pod.metadata
      const lines = Object.entries({ ...annotations, ...more }).map(([key, text]) => `${key}=${JSON.stringify(text)}`)
      writeFileSync(file, lines.join('\n'))
      return loadAgentConfig({ annotations: file, admitted })
    }
    assert.deepEqual([load({}).config, load({}).warnings], [admitted, []])
    assert.equal(load({ 'kernelseal.io/policy': 'blockMaps: true' }).config.policy.blockMaps, true)
    const other = JSON.stringify([{ name: 'b', selector: { binary: '/bin/sh' }, secretRefs: refs }])
    for (const weaker of [{ 'kernelseal.io/mode': 'audit' }, { 'kernelseal.io/bindings': other }]) {
      const { config, warnings } = load(weaker)
      assert.deepEqual(config, admitted)
      assert.match(warnings.at(-1) ?? '', /the policy of admission stays, since that of .* is weaker and locked: /)
    }
  })

  it('let a value into an annotation with a warning', () => {
    const { outcome } = injected(podOf(LITERAL), ['--agent-allow-literal', 'true'])
    assert.ok(outcome.warnings.some((text) => text.includes('the value of PASSWORD stands in the annotation')))
  })

  it('tell a Pod that reads from Vault where it is, and mount a token of its own into the agent alone', () => {
    const { pod } = injected(podOf(REMOTE), [...VAULT, '--vault-ca=-----BEGIN', '--vault-audience', 'vault'])
    const [agent] = pod.spec.initContainers
    const told = agent.env.flatMap(({ name, value }) => (name.startsWith('KERNELSEAL_') ? [`${name}=${value}`] : []))
    assert.deepEqual(told, [
      'KERNELSEAL_VAULT_ADDR=https://vault.example:8200',
      'KERNELSEAL_VAULT_ROLE=shop',
      'KERNELSEAL_VAULT_MOUNT=secret',
      'KERNELSEAL_VAULT_AUTH_MOUNT=kubernetes',
      'KERNELSEAL_VAULT_CA=-----BEGIN',
      'KERNELSEAL_VAULT_TOKEN_FILE=/run/kernelseal/vault/token',
    ])
    assert.ok(agent.volumeMounts.some(({ mountPath }) => mountPath === '/run/kernelseal/vault'))
    assert.equal(pod.spec.containers[0].volumeMounts, undefined)
    assert.deepEqual(pod.spec.volumes.at(-1), {
      name: 'kernelseal-vault-token',
      projected: {
        sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3600, audience: 'vault' } }],
        defaultMode: 0o400,
      },
    })
  })

  it('refuse a container of the author that would mount the token for any server', () => {
    for (const name of ['kernelseal-vault-token', 'kernelseal-another-token']) {
      const pod = podOf(REMOTE)
      const [app] = pod.spec.containers
      Object.assign(app as object, { volumeMounts: [{ name, mountPath: '/token' }] })
      assert.equal(decided(pod, VAULT).reason, 'volume-mounted-elsewhere')
    }
  })

  it('tell other Pods nothing of Vault', () => {
    const { pod } = injected(podOf(SECRET), VAULT)
    assert.doesNotMatch(JSON.stringify(pod), /vault/i)
  })

  it('are refused where the locked policy is longer than one string of exec’s environment', () => {
    const refs = Array.from({ length: 40 }, (_, n) => ({
      name: `V${n}`,
      source: { template: `$(PASSWORD)${'x'.repeat(4_000)}` },
    }))
    const bindings = JSON.stringify([
      { name: 'b', selector: { binary: '/app' }, secretRefs: [{ name: 'PASSWORD', source: SECRET }, ...refs] },
    ])
    const submitted = podOf(SECRET, { 'kernelseal.io/bindings': bindings })
    const agent = agentSettings(loadSettings(['--agent-image', 'agent', '--agent-lock-policy', 'true'], {}))
    const outcome = injectPod(submitted, { agent }, { nonce: () => NONCE, cluster: CLUSTER, namespace: 'shop' })
    assert.equal(outcome.reason, 'policy-too-large')
    assert.match(outcome.kind === 'deny' ? outcome.message : '', /16\d{4} bytes, the limit is 131072/)
    assert.equal(injected(submitted, []).pod.spec.initContainers.length, 1)
  })

  it('are not an annotation’s to choose: address, role, mount, lock', () => {
    const own = Object.fromEntries(
      ['vault-address', 'vault-role', 'vault-mount', 'vault-ca', 'lock-policy', 'allow-literal'].map((name) => [
        `kernelseal.io/${name}`,
        'https://attacker.example',
      ]),
    )
    const container = agentOf(podOf(REMOTE, own), VAULT)
    assert.deepEqual(container, agentOf(podOf(REMOTE), VAULT))
  })

  it('are the same at a second pass', () => {
    const { pod } = injected(podOf(REMOTE), VAULT)
    const { outcome } = injected(pod, VAULT)
    assert.equal(outcome.reason, 'nothing-to-change')
  })
})

describe('settings of Vault are refused', () => {
  const CASES: readonly [what: string, flags: string[], words: RegExp][] = [
    ['without a role', ['--vault-address', 'https://v:8200'], /--vault-role: is missing/],
    ['without TLS', ['--vault-address', 'http://v:8200', '--vault-role', 'r'], /--vault-address: is not `https:/],
    ['with a path', ['--vault-address', 'https://v/v1', '--vault-role', 'r'], /--vault-address: is not `https:/],
  ]
  for (const [what, flags, words] of CASES) {
    it(what, () => assert.throws(() => loadSettings(['--agent-image', 'a', ...flags], {}), words))
  }
})
