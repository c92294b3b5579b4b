/** The door under one client that comes from as many addresses of IPv6 as it likes. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { it } from 'node:test'
import { type Door, openDoor } from '../../../../webhook/budget/door.ts'
import { limitsFor, SHIPPED_LIMIT } from '../../../../webhook/budget/limits.ts'

/** A connection as the door sees it: this machine may have no such addresses. */
function arrive(door: Door, remoteAddress: string, remotePort: number): { closed: boolean } {
  const closing: (() => void)[] = []
  const state = { closed: false }
  const destroy = () => {
    if (state.closed) return
    state.closed = true
    for (const one of closing) one()
  }
  const on = (event: string, heard: () => void) => event === 'close' && closing.push(heard)
  const socket = { remoteAddress, remotePort, on, once: on, destroy, resume: () => {} }
  door.server.emit('connection', socket as unknown as Socket)
  return state
}

it('has its own connections closed, and not those of an API server in the same network', async () => {
  const inner = createServer()
  inner.removeAllListeners('connection')
  const refused: string[] = []
  const limits = { ...limitsFor(SHIPPED_LIMIT), waiting: 40 }
  const door = openDoor(inner, limits, (why) => void refused.push(why), false)
  const api = Array.from({ length: 5 }, (_, n) => arrive(door, '2001:db8:1:1::1', n))
  // Each from an address of its own, beside which the other one would be the one with most.
  const flood = Array.from({ length: 60 }, (_, n) => arrive(door, `2001:db8:1:1::a${n.toString(16)}`, n))
  assert.equal(api.filter(({ closed }) => closed).length, 0)
  assert.equal(flood.filter(({ closed }) => closed).length, 25)
  assert.ok(refused.every((why) => why === 'too-many-waiting'))
  door.close(0)
})
