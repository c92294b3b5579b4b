/** How long connections live: an API server keeps its own for 90 s idle, and opens more than it uses. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { loadSettings } from '../../../../webhook/settings/load.ts'
import { startWebhook, type Webhook } from '../../../../webhook/start.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }
const FLAGS = ['--agent-image', 'agent:1', '--host', '127.0.0.1', '--port', '0', '--metrics-port', '0']
async function start(...flags: string[]): Promise<Webhook> {
  const webhook = await startWebhook(loadSettings([...FLAGS, ...flags], {}), log)
  await webhook.ready // on a busy machine its certificate takes longer than its ports
  return webhook
}

const BODY = JSON.stringify({
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  request: { uid: 'u1', kind: { group: '', version: 'v1', kind: 'Pod' }, operation: 'DELETE' },
})
const HEAD = `POST /mutate HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${BODY.length}\r\n\r\n`

async function open({ port, ca }: Webhook): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: ca! })
  await once(socket, 'secureConnect')
  return socket
}

async function ask(socket: TLSSocket): Promise<string> {
  socket.write(HEAD + BODY)
  const [answer] = await once(socket, 'data')
  return String(answer)
}

/** Longer than a request may take, and than Node waits between two looks at its connections (5 s and 1 s, once). */
const LONG = 7_500

describe('a connection', { concurrency: true }, () => {
  let webhook: Webhook
  before(async () => {
    webhook = await start()
  })
  after(() => webhook.close())

  it('that was opened and not used for a while is served then', async () => {
    const socket = await open(webhook)
    const [early] = await Promise.race([once(socket, 'data'), once(socket, 'close'), sleep(LONG, ['nothing'])])
    assert.equal(String(early), 'nothing')
    assert.match(await ask(socket), /^HTTP\/1.1 200 /)
    socket.destroy()
  })

  it('that asks again as soon as it has its answer is not taken for one that does not wait for it', async () => {
    const sockets = await Promise.all(Array.from({ length: 8 }, () => open(webhook)))
    const keepAsking = async (socket: TLSSocket) => {
      for (let n = 0; n < 100; n++) assert.match(await ask(socket), /^HTTP\/1.1 200 /)
      socket.destroy()
    }
    await Promise.all(sockets.map(keepAsking))
  })

  it('whose body does not come to its end is closed', async () => {
    const socket = await open(webhook)
    socket.write(HEAD + BODY.slice(0, 20))
    const [outcome] = await Promise.race([once(socket, 'close').then(() => ['closed']), sleep(LONG, ['open'])])
    assert.equal(outcome, 'closed')
  })
})

describe('a webhook that drains', () => {
  it('is gone within seconds, whatever is connected and says nothing or half of something', async () => {
    const webhook = await start()
    const [idle, half] = await Promise.all([open(webhook), open(webhook)])
    half.write(HEAD.slice(0, 20))
    const body = await open(webhook)
    body.write(HEAD + BODY.slice(0, 20))
    const silent = connectPlain(webhook.port, '127.0.0.1')
    for (const socket of [idle, half, body, silent]) socket.on('error', () => {})
    await sleep(200)
    const began = performance.now()
    await webhook.close()
    // It was not after 42 s, and its grace is 30.
    assert.ok(performance.now() - began < 7_000)
    for (const socket of [idle, half, body, silent]) socket.destroy()
  })

  it('answers, and asks for the connection to be closed, which it did not before', async () => {
    const webhook = await start('--drain-seconds', '1')
    const socket = await open(webhook)
    assert.match(await ask(socket), /^HTTP\/1.1 200 [\s\S]*connection: keep-alive/i)
    const closed = webhook.close()
    assert.match(await ask(socket), /^HTTP\/1.1 200 [\s\S]*connection: close/i)
    await closed
  })
})
