/** Bodies in many pieces, that arrive while nobody takes them: they are counted when they arrive. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { it } from 'node:test'
import { limitsFor, SHIPPED_LIMIT } from '../../../../webhook/budget/limits.ts'
import { openServer } from './open-server.ts'

const BODY = JSON.stringify({
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  request: { uid: 'u1', kind: { group: '', version: 'v1', kind: 'Pod' }, operation: 'DELETE' },
})
const HEAD = 'POST /mutate HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n'
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
/** A body that waits for its turn after it: webhook/budget/pace.ts. */
const FIRST = chunk(' '.repeat(65_536))
const MiB = 1024 * 1024

const { port, counted } = openServer({ limits: { ...limitsFor(SHIPPED_LIMIT), bytes: MiB } })

/** @returns the beginning of the answer, or nothing where the connection was closed */
function send(text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect(port(), '127.0.0.1', () => socket.write(text))
  socket.on('error', () => {})
  socket.once('data', (data) => {
    resolve(String(data).slice(0, 12))
    socket.destroy()
  })
  socket.once('close', () => resolve(''))
  return promise
}

it('of one byte each are closed, behind a first piece that waits for its turn too', async () => {
  for (const text of [HEAD + chunk(' ').repeat(64_000), HEAD + FIRST + chunk(' ').repeat(64_000)])
    assert.equal(await send(text), '')
  assert.equal(await counted('kernelseal_refused_total', 'small-pieces'), 2)
})

it('of some hundred bytes are counted with what Node adds to each, and refused when there are too many', async () => {
  assert.equal(await send(HEAD + chunk(' '.repeat(300)).repeat(2_500)), 'HTTP/1.1 429')
  assert.equal(await send(HEAD + FIRST + chunk(' '.repeat(300)).repeat(2_500)), 'HTTP/1.1 429')
  assert.equal(await counted('kernelseal_budget_used', 'bytes'), 0)
})

it('as an API server and others send them are answered', async () => {
  const records = chunk(' '.repeat(1_200)).repeat(500)
  assert.equal(await send(`${HEAD}${chunk(BODY)}${records}0\r\n\r\n`), 'HTTP/1.1 200')
  assert.equal(await send(`${HEAD}${[...BODY].map(chunk).join('')}0\r\n\r\n`), 'HTTP/1.1 200')
  const whole = `POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`
  assert.equal(await send(whole), 'HTTP/1.1 200')
})
