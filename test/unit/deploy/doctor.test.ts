import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseConfig } from '../../../agent/policy/parse.ts'
import { type AgentSettings, agentContainer, agentVolumes } from '../../../webhook/sidecar.ts'
import { build } from './kustomize.ts'

const DEPLOY = fileURLToPath(new URL('../../../deploy/', import.meta.url))

const all = build(`${DEPLOY}doctor`)
const job = all.find(({ kind }) => kind === 'Job')!
const pod = job.spec.template.spec
const [container] = pod.containers

const { config } = parseConfig('version: v1\n', 'none')
const resources = { cpuRequest: '', cpuLimit: '', memoryRequest: '', memoryLimit: '' }
const settings: AgentSettings = { image: 'kernelseal-agent:0.1.0', imagePullPolicy: 'IfNotPresent', ...resources }
const agent = agentContainer(config, settings, {}, 'native', 'Always')

describe('the Job of deploy/doctor', () => {
  it('runs the doctor once, of the agent’s image, wherever it is put', () => {
    assert.equal(container.image, agent.image)
    assert.deepEqual(container.args, ['doctor'])
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
  })

  it('sees what the agent will see of the node, and may write none of it', () => {
    const paths = agentVolumes(config).flatMap((volume) => ('hostPath' in volume ? [volume.hostPath] : []))
    assert.deepEqual(
      pod.volumes.map(({ hostPath }: { hostPath: unknown }) => hostPath),
      paths,
    )
    for (const mount of container.volumeMounts) assert.equal(mount.readOnly, true, mount.name)
    assert.equal(pod.hostPID, true)
    assert.equal(pod.hostNetwork, undefined)
  })

  it('can be had for each node by the lines of deploy/README.md', () => {
    const files = ['job.yaml', 'namespace.yaml'].map((file) => readFileSync(`${DEPLOY}doctor/${file}`, 'utf8'))
    const [, commands] = /sed "(s\/[^"]+)"/.exec(readFileSync(`${DEPLOY}README.md`, 'utf8')) ?? assert.fail('no sed')
    const patterns = commands!.split('; ').map((command) => command.split(/(?<!\\)\//)[1]!.replaceAll('\\/', '/'))
    assert.equal(patterns.length, 2)
    for (const pattern of patterns)
      assert.equal([...files.join('').matchAll(new RegExp(pattern, 'gm'))].length, 1, pattern)
  })
})
