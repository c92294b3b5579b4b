/** The node loses its power: protected Pods are protected again, and while there is no webhook no Pod slips by. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { basename } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { call, createPod, get, makeNamespace, REPOSITORY, STATE, until } from '../support/cluster/cluster.ts'
import { rolledOut } from '../support/cluster/installation.ts'
import { BINDING, pod } from '../support/cluster/pods.ts'
import { READ_ENVIRON, saysOf, startProtected } from './application.ts'
import { exec, logs, openShop, PASSWORD, PATIENCE, podOf } from './shop.ts'

const NODE = '/api/v1/nodes/node'

before(async () => {
  await openShop()
  await startProtected()
  await makeNamespace('elsewhere')
})

after(() => call('DELETE', '/api/v1/namespaces/elsewhere'))

/** @returns when the node is ready anew */
async function cutPower(): Promise<void> {
  const { status } = await get(NODE)
  await promisify(execFile)('scripts/cluster', ['reboot', '--name', basename(STATE)], { cwd: REPOSITORY })
  const rebooted = async () => (await get(NODE)).status.nodeInfo.bootID !== status.nodeInfo.bootID
  await until('the node has booted', rebooted, PATIENCE)
}

describe('a node that loses its power', () => {
  it('runs the application again, with its secret', async () => {
    const before = (await podOf('web')).status.containerStatuses[0].containerID
    await cutPower()
    const isBack = async () => {
      const { ready, containerID } = (await podOf('web')).status.containerStatuses[0]
      return ready && containerID !== before
    }
    await Promise.all([downMeanwhile(), until('the application runs', isBack, PATIENCE)])
    assert.match(await logs('web'), saysOf(PASSWORD))
  })

  it('and refuses root its environment', async () => {
    assert.match((await exec('web', ...READ_ENVIRON)).stderr, /environ': Operation not permitted/)
  })
})

/** Its only replica was on that node. */
async function downMeanwhile(): Promise<void> {
  const { status, body } = await createPod('shop', pod('late', BINDING))
  assert.equal(status, 500, JSON.stringify(body))
  assert.match(body.message, /failed calling webhook "inject.kernelseal.io"/)
  assert.equal((await createPod('elsewhere', pod('early', {}))).status, 201)
  await rolledOut(PATIENCE)
  const isSealed = async () => (await createPod('shop', pod('late', BINDING), '?dryRun=All')).status === 201
  await until('Pods are let in again', isSealed, PATIENCE)
}
