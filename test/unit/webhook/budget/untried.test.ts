/** Connections that asked for nothing yet: API servers have few of them, and each costs 60 KB. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDoor } from '../../../../webhook/budget/door.ts'
import { limitsFor, SHIPPED_LIMIT } from '../../../../webhook/budget/limits.ts'

const [API, FLOOD] = ['127.0.0.1', '127.0.0.2']

/** @param untried of 40 connections @returns how many are left of 6 that had asked, of two of an API server and of 20 of a flood */
async function besiege(untried: number) {
  const inner = createServer((request, response) => {
    if (door.admits(request, response)) response.end('ok')
  })
  const door = openDoor(inner, { ...limitsFor(SHIPPED_LIMIT), connections: 40, untried }, () => {}, false)
  await once(door.server.listen(0, API), 'listening')
  const { port } = door.server.address() as AddressInfo
  const open = async (localAddress: string): Promise<Socket> => {
    const socket = connect({ host: API, port, localAddress })
    socket.on('error', () => {}).resume()
    await once(socket, 'connect')
    return socket
  }
  const many = (count: number, from: string) => Promise.all(Array.from({ length: count }, () => open(from)))
  const asked = await many(6, FLOOD)
  for (const socket of asked) socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await Promise.all(asked.map((socket) => once(socket, 'data')))
  const spare = await many(2, API)
  await sleep(100)
  const idle = await many(20, FLOOD)
  const isOver = () => idle.filter(({ closed }) => closed).length >= [...idle, ...spare].length - untried
  for (let n = 0; n < 250 && !isOver(); n++) await sleep(20)
  // Further ones would be closed now.
  await sleep(100)
  const left = [asked, spare, idle].map((sockets) => sockets.filter(({ closed }) => !closed).length)
  const { used } = door
  const result = { left, untried: used().untried, connections: used().connections }
  door.close(0)
  await door.gone
  return result
}

it('all stay as long as there is room for them', async () => {
  assert.deepEqual(await besiege(30), { left: [6, 2, 20], untried: 22, connections: 28 })
})

it('those of the address with most are closed beyond a fourth of all; neither another’s nor such as have asked', async () => {
  assert.deepEqual(await besiege(10), { left: [6, 2, 8], untried: 10, connections: 16 })
})
