/** `kubectl debug` of a running Pod: refused, or let in by an annotation and refused by the kernel. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Any, get, kubectl, MINOR, podsOf, until } from '../support/cluster/cluster.ts'
import { BINDING } from '../support/cluster/pods.ts'
import { READ_ENVIRON, SCRIPT, startBare, startProtected } from './application.ts'
import { deploy, openShop, PASSWORD, PATIENCE, podOf, remove, SHELL, template } from './shop.ts'

/** As root with SYS_PTRACE, which the profile `general` gives, in the application's PID namespace. */
async function debug(app: string) {
  const { metadata } = await podOf(app)
  const options = ['--image', SHELL, '--target', 'app', '--container', 'debugger', '--profile', 'general']
  const ran = await kubectl(['-n', 'shop', 'debug', metadata.name, ...options, '--', ...READ_ENVIRON])
  return { ...ran, pod: metadata.name as string }
}

/** The debugger's output, errors too. */
async function saidIn(pod: string): Promise<string> {
  const ended = async () =>
    (await get(`${podsOf('shop')}/${pod}`)).status.ephemeralContainerStatuses?.some(
      ({ state }: Any) => state.terminated,
    )
  await until(`the debugger of ${pod} has ended`, ended, PATIENCE)
  return (await kubectl(['-n', 'shop', 'logs', pod, '-c', 'debugger'])).stdout
}

// Ephemeral containers are on by default from 1.23.
describe('kubectl debug', { skip: MINOR < 23 ? 'this server has no ephemeral containers' : false }, () => {
  before(async () => {
    await openShop()
    const open = { ...BINDING, 'kernelseal.io/allow-debug': 'true' }
    await Promise.all([startBare(), startProtected(), deploy('open', template('open', SCRIPT, open))])
  })
  after(() => remove('deployments', 'open'))

  it('without KernelSeal a debugger reads the secret', async () => {
    const { pod, stderr, status } = await debug('bare')
    assert.equal(status, 0, stderr)
    assert.match(await saidIn(pod), new RegExp(`PGPASSWORD=${PASSWORD}`))
  })

  it('with it none is let into the Pod', async () => {
    const { stderr, status } = await debug('web')
    assert.notEqual(status, 0)
    assert.match(stderr, /KernelSeal: a debug container would share the processes of a sealed Pod/)
  })

  it('one that the Pod allows is refused the secret by the kernel', async () => {
    const { pod, stderr, status } = await debug('open')
    assert.equal(status, 0, stderr)
    assert.match(await saidIn(pod), /can't open '\/proc\/\d+\/environ': Operation not permitted/)
  })
})
