/** The Jobs that a node's administrator applies: deploy/doctor before installation, deploy/unload after it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseConfig } from '../../../agent/policy/parse.ts'
import { agentVolumes } from '../../../webhook/mutate/sidecar/agent-volumes.ts'
import { type AgentSettings, agentContainer } from '../../../webhook/mutate/sidecar/sidecar.ts'
import { build } from '../../support/kustomize.ts'

const DEPLOY = fileURLToPath(new URL('../../../deploy/', import.meta.url))

const { config } = parseConfig('version: v1\n', 'none')
const resources = { cpuRequest: '', cpuLimit: '', memoryRequest: '', memoryLimit: '' }
const settings: AgentSettings = { image: 'kernelseal-agent:0.1.0', imagePullPolicy: 'IfNotPresent', ...resources }
const POD = { metadata: {}, spec: { containers: [] } }
const agent = agentContainer(config, settings, {}, 'native', POD)

function shipped(name: string) {
  const all = build(DEPLOY + name)
  const job = all.find(({ kind }) => kind === 'Job')!
  const pod = job.spec.template.spec
  return { all, job, pod, container: pod.containers[0] }
}

for (const name of ['doctor', 'unload']) {
  const { all, job, pod, container } = shipped(name)
  describe(`the Job of deploy/${name}`, () => {
    it('runs the command once, of the agent’s image, wherever it is put', () => {
      assert.equal(container.image, agent.image)
      assert.deepEqual(container.args, [name])
      assert.deepEqual([job.spec.backoffLimit, pod.restartPolicy], [0, 'Never'])
      assert.deepEqual(pod.tolerations, [{ operator: 'Exists' }])
    })

    it('stands in a namespace of its own, whose Pod Security lets it in', () => {
      const namespace = all.find(({ kind }) => kind === 'Namespace')!
      for (const { kind, metadata } of all) {
        if (kind !== 'Namespace') assert.equal(metadata.namespace, namespace.metadata.name)
      }
      assert.equal(namespace.metadata.labels?.['pod-security.kubernetes.io/enforce'], 'privileged')
    })

    it('has no token, no role and no privilege that the agent has not', () => {
      const account = all.find(({ kind }) => kind === 'ServiceAccount')!
      assert.equal(pod.serviceAccountName, account.metadata.name)
      assert.deepEqual([account.automountServiceAccountToken, pod.automountServiceAccountToken], [false, false])
      assert.deepEqual(all.map(({ kind }) => kind).toSorted(), ['Job', 'Namespace', 'ServiceAccount'])
      const { capabilities, privileged, readOnlyRootFilesystem } = container.securityContext
      assert.deepEqual([privileged, readOnlyRootFilesystem, capabilities.drop], [false, true, ['ALL']])
      const agents = agent.securityContext.capabilities.add
      for (const capability of capabilities.add) assert.ok(agents.includes(capability), capability)
      assert.ok(capabilities.add.length < agents.length)
      assert.equal(pod.hostNetwork, undefined)
    })

    it('is not confined by the runtime’s AppArmor profile', () => {
      const key = `container.apparmor.security.beta.kubernetes.io/${container.name}`
      assert.equal(job.spec.template.metadata.annotations?.[key], 'unconfined')
    })

    it('can be had for each node by the lines of deploy/README.md', () => {
      const files = ['job.yaml', 'namespace.yaml'].map((file) => readFileSync(`${DEPLOY}${name}/${file}`, 'utf8'))
      const [, commands] = /sed "(s\/[^"]+)"/.exec(readFileSync(`${DEPLOY}README.md`, 'utf8')) ?? assert.fail('no sed')
      const patterns = commands!
        .replaceAll('$job$', `${name}$`)
        .split('; ')
        .map((command) => command.split(/(?<!\\)\//)[1]!.replaceAll('\\/', '/'))
      assert.equal(patterns.length, 2)
      for (const pattern of patterns)
        assert.equal([...files.join('').matchAll(new RegExp(pattern, 'gm'))].length, 1, pattern)
    })
  })
}

const paths = agentVolumes(config, []).flatMap((volume) => ('hostPath' in volume ? [volume.hostPath] : []))
const pathsOf = ({ volumes }: { readonly volumes: readonly { readonly hostPath: unknown }[] }) =>
  volumes.map(({ hostPath }) => hostPath)

describe('the doctor', () => {
  it('sees the agent’s view of the node, and may write none of it', () => {
    const { pod, container } = shipped('doctor')
    assert.deepEqual(pathsOf(pod), paths)
    for (const mount of container.volumeMounts) assert.equal(mount.readOnly, true, mount.name)
    assert.equal(pod.hostPID, true)
  })
})

describe('unload', () => {
  it('sees where the node’s programs are pinned, and nothing else of it', () => {
    const { pod } = shipped('unload')
    assert.deepEqual(
      pathsOf(pod),
      paths.filter(({ path }) => path === '/sys/fs/bpf'),
    )
    assert.equal(pod.hostPID, undefined)
  })
})
