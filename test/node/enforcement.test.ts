/** A Deployment with one annotation, on a kernel that enforces: the processes that see the secret. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { AGENT_CONTAINER } from '../../agent/policy/sidecar.ts'
import { type Any, get, until } from '../support/cluster/cluster.ts'
import { assertInjected, hasAgent, sealed } from '../support/cluster/pods.ts'
import { READ_ENVIRON, saysOf, startBare, startProtected } from './application.ts'
import { agentLog, exec, execInto, logs, metrics, openShop, PASSWORD, PATIENCE, podOf } from './shop.ts'

before(async () => {
  await openShop()
  await Promise.all([startBare(), startProtected()])
})

describe('the application', () => {
  it('has its secret', async () => {
    assert.match(await logs('web'), saysOf(PASSWORD))
  })

  it('was given a placeholder by its Pod', async () => {
    assertInjected(await podOf('web'))
  })

  it('that is to be left alone is', async () => {
    const pod = await podOf('bare')
    assert.equal(hasAgent(pod), false)
    assert.equal(sealed(pod, 'PGPASSWORD'), false)
  })
})

describe('kubectl exec', () => {
  it('prints a placeholder for env', async () => {
    const { stdout, status } = await exec('web', 'env')
    assert.equal(status, 0)
    assert.match(stdout, /^PGPASSWORD=kernelseal:v1:/m)
    assert.doesNotMatch(stdout, new RegExp(PASSWORD))
  })

  it('as root reads the environment of the application without KernelSeal', async () => {
    const { stdout, stderr } = await exec('bare', ...READ_ENVIRON)
    assert.match(stdout, new RegExp(`PGPASSWORD=${PASSWORD}`), stderr)
  })

  it('as root is refused the environment of the application', async () => {
    const { stdout, stderr, status } = await exec('web', ...READ_ENVIRON)
    assert.equal(status, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /can't open '\/proc\/\d+\/environ': Operation not permitted/)
  })

  it('into the agent is refused before it begins', async () => {
    const { stderr, status } = await execInto(AGENT_CONTAINER, 'web', 'kernelseal', 'status')
    assert.equal(status, 1)
    assert.match(stderr, /denied the request: KernelSeal/)
  })
})

describe('the agent', () => {
  it('logged the refusal', async () => {
    const refusal = (await agentLog('web')).find(({ tag, way }) => tag === 'LSM BLOCKED' && way === 'environ')
    assert.match(refusal?.msg ?? 'nothing', /^PID=\d+ attempted environ access to PID=\d+ \(\S+\), by cat$/)
  })

  it('counts it', async () => {
    assert.match(await metrics('web'), /^kernelseal_access_events_total\{way="environ",action="blocked"\} [1-9]/m)
  })

  it('has it written as an Event on the Pod', async () => {
    const { metadata } = await podOf('web')
    const events = `/api/v1/namespaces/shop/events?fieldSelector=involvedObject.uid%3D${metadata.uid}`
    const ofRefusals = async () => (await get(events)).items.find(isOfEnviron)
    const isOfEnviron = ({ reason, message }: Any) => reason === 'SecretAccessBlocked' && message.includes('environ')
    const { message, type } = await until('there is an Event', ofRefusals, PATIENCE)
    assert.equal(type, 'Warning')
    assert.doesNotMatch(message, new RegExp(PASSWORD))
  })

  it('never says the secret', async () => {
    assert.doesNotMatch(JSON.stringify(await agentLog('web')), new RegExp(PASSWORD))
  })
})
