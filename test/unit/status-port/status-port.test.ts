/** The port for metrics and health under clients that ask too much of it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { keepListening, type listen } from '../../../agent/run/health.ts'
import { onceASecond } from '../../../agent/status-port/cached.ts'
import { openStatusPort, type StatusPort } from '../../../agent/status-port/status-port.ts'

const asked: string[] = []
const closings: string[] = []
const closingsOf = (why: string): number => closings.filter((one) => one === why).length
let server: StatusPort
before(async () => {
  const pages = (path: string) => {
    asked.push(path)
    if (path === '/large') return { status: 200, body: 'x'.repeat(1 << 20) }
    if (path === '/broken') throw new Error('of ours')
    return path === '/metrics' ? { status: 200, body: 'metrics\n' } : { status: 404, body: 'no\n' }
  }
  server = await openStatusPort('127.0.0.1', 0, pages, (why) => void closings.push(why))
})
after(() => server.close())

function open(localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: server.port, localAddress })
  socket.on('error', () => {})
  return once(socket, 'connect').then(() => socket)
}

/** However it is: a reset is no failure here. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())))
}

async function said(text: string, from?: string): Promise<string> {
  const socket = await open(from)
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  socket.write(text)
  await closed(socket)
  return answer
}

const GET = 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'

describe('the port for metrics and health', () => {
  it('answers a scrape, whole and as HTTP/1.1, and closes', async () => {
    const response = await fetch(`http://127.0.0.1:${server.port}/metrics?x=1`)
    assert.deepEqual([response.status, await response.text()], [200, 'metrics\n'])
    assert.equal(response.headers.get('connection'), 'close')
    assert.equal((await fetch(`http://127.0.0.1:${server.port}/large`)).headers.get('content-length'), `${1 << 20}`)
  })

  it('takes a head that comes byte by byte', async () => {
    const socket = await open('127.0.0.8')
    for (const byte of GET) socket.write(byte)
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), /^HTTP\/1\.1 200 OK\r\n/)
  })

  for (const [what, text, status] of [
    ['another method', 'POST /metrics HTTP/1.1\r\n\r\n', 405],
    ['text that is no request', 'hello\r\n\r\n', 400],
    ['bytes of TLS', '\u0016\u0003\u0001\u0002\r\n\r\n', 400],
    ['a head without an end', `GET /metrics HTTP/1.1\r\nx: ${'y'.repeat(9_000)}`, 400],
    ['an error of our own', 'GET /broken HTTP/1.1\r\n\r\n', 500],
  ] as const) {
    it(`answers ${what} with ${status}`, async () => {
      assert.match(await said(text), new RegExp(`^HTTP/1\\.1 ${status} `))
    })
  }

  it('answers the first of 5,000 requests that come in one go, and no other', async () => {
    asked.length = 0
    const answer = await said(GET.repeat(5_000), '127.0.0.5')
    assert.equal(asked.length, 1)
    assert.ok(answer.split('HTTP/1.1').length <= 2)
  })

  it('keeps a place for others while one address holds many connections that say nothing', async () => {
    const silent = await Promise.all(Array.from({ length: 64 }, () => open('127.0.0.6')))
    assert.match(await said(GET), /^HTTP\/1\.1 200 /)
    assert.ok(closingsOf('too-many') >= 33, 'the rest is counted')
    for (const socket of silent) socket.destroy()
  })

  it('closes a connection that says nothing, and one that does not read its answer, within seconds', async () => {
    const [silent, deaf] = await Promise.all([open('127.0.0.9'), open('127.0.0.9')])
    deaf.pause()
    deaf.write('GET /large HTTP/1.1\r\n\r\n')
    await Promise.all([sleep(7_000), closed(silent)])
    deaf.resume()
    await closed(deaf)
    assert.ok(closingsOf('late') >= 1, 'is counted')
  })

  it('serves another address while one connects as often as it can', async () => {
    let over = false
    const flood = (async () => {
      while (!over) (await open('127.0.0.7').catch(() => undefined))?.destroy()
    })()
    try {
      for (let n = 0; n < 10; n++) assert.match(await said(GET), /^HTTP\/1\.1 200 /)
    } finally {
      over = true
      await flood
    }
  })
})

it('counts the connections of an address that comes too often', async () => {
  // Until it comes in faster than the bound grows, which a busy machine may prevent once.
  for (let round = 0; round < 10 && closingsOf('too-often') === 0; round++) {
    const many = Array.from({ length: 400 }, () => open('127.0.0.11').catch(() => undefined))
    for (const socket of await Promise.all(many)) socket?.destroy()
  }
  assert.ok(closingsOf('too-often') > 0)
})

describe('a text that is costly to make', () => {
  it('is made once a second however many ask, and again after a failure', async () => {
    const clock = { now: 0 }
    let made = 0
    const text = onceASecond(
      async () => {
        if (++made === 3) throw new Error('no')
        return `${made}`
      },
      () => clock.now,
    )
    assert.deepEqual(await Promise.all([text(), text(), text()]), ['1', '1', '1'])
    clock.now = 1_000
    assert.equal(await text(), '2')
    clock.now = 2_000
    await assert.rejects(text())
    assert.equal(await text(), '4')
  })
})

describe('an agent whose port is taken', () => {
  const session = {
    notReady: () => undefined,
    metrics: { registry: { metrics: async () => 'm\n', contentType: 'text/plain' } },
  } as unknown as Parameters<typeof listen>[1]

  it('goes on, says which port, and listens once it is free', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const lines: string[] = []
    const log = { say: (level: string, _tag: string, text: string) => void lines.push(`${level}: ${text}`) } as never
    const health = keepListening({ host: '127.0.0.1', port, enabled: true }, session, log)
    while (lines.length === 0) await sleep(10)
    assert.match(lines[0]!, new RegExp(`^error: port ${port} of 127.0.0.1 cannot be listened on \\(another process`))
    assert.match(lines[0]!, /its answers are not this agent’s/)
    other.close()
    while (lines.length === 1) await sleep(10)
    assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200)
    health.close()
    health.close()
  })
})
