/** A newcomer behind a flood of connections: libuv accepts one of a listening socket in a turn of the event loop. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { openDoor } from '../../../../webhook/budget/door.ts'
import { limitsFor, SHIPPED_LIMIT } from '../../../../webhook/budget/limits.ts'

const COUNT = 64

it('accepts several connections in a turn, from all its sockets at one port, and closes them all', async (test) => {
  const inner = createServer()
  const door = openDoor(inner, limitsFor(SHIPPED_LIMIT), () => {}, false)
  let accepted = 0
  for (const one of [door.server, ...door.others]) one.on('connection', () => accepted++)
  await once(door.server.listen({ host: '127.0.0.1', port: 0, reusePort: true }), 'listening')
  const { port } = door.server.address() as AddressInfo
  for (const one of door.others) await once(one.listen({ host: '127.0.0.1', port, reusePort: true }), 'listening')
  const clients = Array.from({ length: COUNT }, () => connect({ host: '127.0.0.1', port }))
  for (const client of clients) client.on('error', () => {})
  let most = 0
  for (let before = 0; accepted < COUNT; before = accepted) {
    await turn()
    most = Math.max(most, accepted - before)
  }
  test.diagnostic(`${most} in a turn`)
  assert.ok(most > 2, `${most} in a turn`)
  door.close(0)
  await door.gone
  for (const client of clients) client.destroy()
})
