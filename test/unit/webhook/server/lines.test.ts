import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { describe, it } from 'node:test'
import { boundLines } from '../../../../webhook/server/lines.ts'
import { createMetrics } from '../../../../webhook/server/metrics.ts'
import { buildServer } from '../../../../webhook/server/server.ts'
import { CLUSTER, NONCE, SETTINGS } from '../fixtures.ts'

type Line = readonly [message: string, fields: Readonly<Record<string, unknown>>]

function logOf() {
  const lines: Line[] = []
  const write = (fields: object, message: string) => void lines.push([message, fields as Line[1]])
  return { lines, log: { debug: write, info: write, warn: write, error: write } }
}

describe('lines about requests', () => {
  it('of one kind from one address are bounded, counted, and told by the next one', () => {
    let [time, heldBack] = [0, 0]
    const { lines, log } = logOf()
    const linesOf = boundLines(
      log,
      () => heldBack++,
      () => time,
    )
    for (let n = 0; n < 1_000; n++) linesOf('flood').warn({ n }, 'refused')
    assert.deepEqual([lines.length, heldBack], [100, 900])
    linesOf('flood').info({}, 'another kind')
    linesOf('api').warn({}, 'refused')
    for (let n = 0; n < 5; n++) linesOf('flood').debug({}, 'asked for')
    assert.equal(lines.length, 107)
    time = 1_000
    for (let n = 0; n < 1_000; n++) linesOf('flood').warn({ n }, 'refused')
    assert.equal(lines.length, 127)
    assert.deepEqual(lines[107], ['refused', { n: 0, heldBack: 900 }])
    assert.deepEqual(lines[108], ['refused', { n: 1 }])
  })

  it('are remembered of so many addresses, and no more', () => {
    const { lines, log } = logOf()
    const linesOf = boundLines(
      log,
      () => {},
      () => 0,
    )
    for (let n = 0; n < 101; n++) linesOf('first').warn({}, 'refused')
    assert.equal(lines.length, 100)
    for (let n = 0; n < 1_024; n++) linesOf(`10.0.${n >> 8}.${n & 255}`).warn({}, 'refused')
    linesOf('first').warn({}, 'refused')
    assert.equal(lines.length, 100 + 1_024 + 1)
  })

  it('are so few however many bad requests come over a connection, and the metric has the rest', async () => {
    const { lines, log } = logOf()
    const metrics = createMetrics()
    const deps = { settings: SETTINGS, metrics, log, nonce: () => NONCE, cluster: CLUSTER, ready: () => true }
    const { app, door } = buildServer(deps)
    await app.ready()
    await once(door.server.listen(0, '127.0.0.1'), 'listening')
    const socket = connect((door.server.address() as AddressInfo).port, '127.0.0.1')
    const head = 'POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n'
    for (let n = 0; n < 300; n++) {
      socket.write(`${head}{}`)
      await once(socket, 'data')
    }
    socket.destroy()
    door.close(0)
    await Promise.all([door.gone, app.close()])
    const written = lines.filter(([message]) => message === 'request without uid refused').length
    assert.ok(written >= 100 && written < 300, `${written} lines`)
    assert.match(
      await metrics.registry.metrics(),
      new RegExp(`^kernelseal_log_lines_held_back_total ${300 - written}$`, 'm'),
    )
  })
})
