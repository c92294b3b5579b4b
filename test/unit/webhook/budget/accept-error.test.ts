import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { it } from 'node:test'
import { openDoor } from '../../../../webhook/budget/door.ts'
import { limitsFor, SHIPPED_LIMIT } from '../../../../webhook/budget/limits.ts'

const open = (refused: (why: string) => void) =>
  openDoor(
    createServer((_, response) => response.end('answered')),
    limitsFor(SHIPPED_LIMIT),
    refused,
    false,
  )
/** As net.js tells of accept(2) that failed. */
const failed = () => Object.assign(new Error('accept ENOMEM'), { code: 'ENOMEM', syscall: 'accept' })

it('a connection that the system cannot hand over is counted, and others are answered', async () => {
  const told: string[] = []
  const { server, close } = open((why) => told.push(why))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  assert.ok(server.emit('error', failed()), 'without a listener this ends the process')
  assert.deepEqual(told, ['not-accepted'])
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  assert.equal(await answer.text(), 'answered')
  close(0)
})

it('a port that is taken is still an error of the start, and no refusal', async () => {
  const told: string[] = []
  const [first, second] = [open(() => {}), open((why) => told.push(why))]
  await once(first.server.listen(0, '127.0.0.1'), 'listening')
  const { port } = first.server.address() as AddressInfo
  await assert.rejects(once(second.server.listen(port, '127.0.0.1'), 'listening'), { code: 'EADDRINUSE' })
  assert.deepEqual(told, [])
  first.close(0)
})
