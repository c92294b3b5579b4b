/** The agent is killed and started again by the kubelet, and an attacker finds no moment in between. */
import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { AGENT_CONTAINER } from '../../agent/policy/sidecar.ts'
import { type Any, until } from '../support/cluster/cluster.ts'
import { saysOf, startProtected } from './application.ts'
import { killContainer } from './node.ts'
import { exec, logs, openShop, PASSWORD, PATIENCE, podOf } from './shop.ts'

before(async () => {
  await openShop()
  await startProtected()
})

async function containerOf(name: string): Promise<Any> {
  const { status } = await podOf('web')
  return [...(status.initContainerStatuses ?? []), ...status.containerStatuses].find(
    (found: Any) => found.name === name,
  )
}

/** Until /tmp/stop is there; prints how often it worked and how often it was refused. */
const ATTACK = `
  worked=0 refused=0
  while [ ! -e /tmp/stop ]; do
    if cat /proc/$(pidof sleep | cut -d' ' -f1)/environ >/dev/null 2>&1; then worked=$((worked + 1)); else refused=$((refused + 1)); fi
  done
  echo $worked $refused`

it('a killed agent is started again, and access was refused in the meantime', async (test) => {
  await exec('web', 'rm', '-f', '/tmp/stop')
  const attack = exec('web', 'sh', '-c', ATTACK)
  const { containerID, restartCount } = await containerOf(AGENT_CONTAINER)
  await killContainer(containerID)
  const isBack = async () => {
    const agent = await containerOf(AGENT_CONTAINER)
    return agent.restartCount > restartCount && agent.started === true
  }
  await until('the agent is started again', isBack, PATIENCE)
  await exec('web', 'touch', '/tmp/stop')
  const { stdout, stderr } = await attack
  const [worked, refused] = stdout.trim().split(' ').map(Number)
  test.diagnostic(`${refused} attempts refused while the agent was away and came back`)
  assert.equal(worked, 0, stderr)
  assert.ok(refused! > 10, `${refused} attempts: ${stderr}`)
})

it('and a container that is started after that has its secret', async () => {
  const { restartCount } = await containerOf('app')
  const killed = await exec('web', 'sh', '-c', 'kill -9 $(pidof sleep)')
  assert.equal(killed.status, 0, killed.stderr)
  const isBack = async () => (await containerOf('app')).restartCount > restartCount && (await containerOf('app')).ready
  await until('the application is started again', isBack, PATIENCE)
  assert.match(await logs('web'), saysOf(PASSWORD))
})
