/** Bytes of large bodies that are read in one turn of the event loop: all others wait for its end. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPace } from '../../../../webhook/budget/pace.ts'
import { createMetrics } from '../../../../webhook/server/metrics.ts'
import { buildServer } from '../../../../webhook/server/server.ts'
import { CLUSTER, NONCE, SETTINGS } from '../fixtures.ts'

const MiB = 1024 * 1024
const BODIES = 4
const AWAITED = new Int32Array(new SharedArrayBuffer(4))

/** Bodies of 6 MB that lack their last byte. */
const FLOOD = `
const { connect } = require('node:net')
for (let n = 0; n < ${BODIES}; n++) {
  const socket = connect(process.argv[1], '127.0.0.1').on('error', () => {})
  socket.write('POST /mutate HTTP/1.1\\r\\nhost: x\\r\\ncontent-length: ${6 * MiB}\\r\\n\\r\\n')
  socket.write(Buffer.alloc(${6 * MiB - 1}, 0x20))
}
process.on('disconnect', () => process.exit())`

/** @returns the most bytes that were read between two turns, and all of them */
async function flooded(server: Server | HttpServer): Promise<{ most: number; all: number }> {
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => sockets.push(socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const flood = spawn(process.execPath, ['-e', FLOOD, `${port}`], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  let [before, most, isOver] = [0, 0, false]
  const turn = () => {
    const all = sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0)
    most = Math.max(most, all - before)
    before = all
    // Bytes that came meanwhile lie in the kernel. It does not keep a core busy: the flood needs one.
    Atomics.wait(AWAITED, 0, 0, 20)
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  for (let n = 0; n < 100 && before < BODIES * 6 * MiB; n++) await sleep(50)
  isOver = true
  const exited = once(flood, 'exit')
  flood.kill('SIGKILL')
  await exited
  return { most, all: before }
}

async function take(body: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of body);
}

it('megabytes of each connection come in one turn where nothing is done about it', async () => {
  // On a busy machine the flood may come too slowly for once.
  let [most, n] = [0, 0]
  for (; n < 10 && most <= 1.5 * MiB; n++) {
    const plain = createServer((request) => void take(request).catch(() => {}))
    most = (await flooded(plain)).most
    plain.closeAllConnections()
    plain.close()
  }
  assert.ok(most > 1.5 * MiB, `${most} bytes at most, in ${n} floods`)
})

it('of bodies of the webhook it is less than one', async () => {
  const { app, door } = buildServer({
    settings: SETTINGS,
    metrics: createMetrics(),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    nonce: () => NONCE,
    cluster: CLUSTER,
    ready: () => true,
  })
  await app.ready()
  const { most, all } = await flooded(door.server)
  door.close(0)
  await door.gone
  await app.close()
  assert.ok(all > BODIES * MiB, `${all} bytes were read`)
  assert.ok(most < 1 * MiB, `${most} bytes of ${all}`)
})

it('addresses take turns, four bodies in one', async () => {
  const pace = openPace()
  const order: string[] = []
  const go = async (name: string) => {
    await pace(name[0]!)
    order.push(name)
  }
  const all = ['a1', 'a2', 'a3', 'a4', 'a5', 'b1'].map(go)
  await new Promise(setImmediate)
  await Promise.resolve()
  assert.deepEqual(order, ['a1', 'b1', 'a2', 'a3'])
  await Promise.all(all)
  assert.deepEqual(order.slice(4), ['a4', 'a5'])
})
