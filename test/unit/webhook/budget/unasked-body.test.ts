/** A body that nobody reads: Node reads and forgets it, for as long as it comes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { it } from 'node:test'
import { openServer } from './open-server.ts'

const { port, counted } = openServer()
const refused = () => counted('kernelseal_refused_total', 'unasked-body')

/** Sends a body without an end. @returns the status answered, and whether the connection was closed within two seconds */
async function send(line: string): Promise<{ status: string; closed: boolean }> {
  const socket = connect(port(), '127.0.0.1')
  let answered = ''
  socket.on('data', (data) => {
    answered += String(data)
  })
  socket.on('error', () => {})
  socket.write(`${line} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`)
  const more = setInterval(() => socket.write(`400\r\n${'a'.repeat(1024)}\r\n`), 20)
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const late = setTimeout(() => resolve(false), 2_000)
  socket.once('close', () => resolve(true))
  const closed = await promise
  clearTimeout(late)
  clearInterval(more)
  socket.destroy()
  return { status: answered.slice(9, 12), closed }
}

for (const line of ['GET /healthz', 'HEAD /healthz', 'PUT /mutate', 'LOCK /', 'GET /bad%zz', 'POST /bad%zz']) {
  it(`on ${line} is refused, and its connection closed`, async () => {
    const before = await refused()
    assert.deepEqual(await send(line), { status: '400', closed: true })
    assert.equal(await refused(), before + 1)
  })
}

it('is none where its length is 0, and the connection goes on', async () => {
  const socket = connect(port(), '127.0.0.1')
  for (let n = 0; n < 2; n++) {
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n')
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), /^HTTP\/1\.1 200 /)
  }
  socket.destroy()
})
