/** The load the webhook takes on at a time: limits, connections, bytes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { byteBudget } from '../../../../webhook/budget/bytes.ts'
import { type Door, openDoor } from '../../../../webhook/budget/door.ts'
import { Fair } from '../../../../webhook/budget/fair.ts'
import { giveBack } from '../../../../webhook/budget/give-back.ts'
import { limitsFor, memoryLimit, SHIPPED_LIMIT } from '../../../../webhook/budget/limits.ts'
import { openRates } from '../../../../webhook/budget/rates.ts'
import { openTurnstile } from '../../../../webhook/budget/turnstile.ts'

const MiB = 1024 * 1024

describe('the limits', () => {
  it('are those of the container, of either version of control groups, and the shipped ones where it has none', () => {
    const files = (texts: Record<string, string>) => (path: string) => {
      const text = texts[path]
      if (text === undefined) throw new Error('ENOENT')
      return text
    }
    const [v2, v1] = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']
    assert.equal(memoryLimit(files({ [v2]: '134217728\n' })), 128 * MiB)
    assert.equal(memoryLimit(files({ [v1]: '134217728\n' })), 128 * MiB)
    assert.equal(memoryLimit(files({ [v2]: 'max\n' })), SHIPPED_LIMIT)
    assert.equal(memoryLimit(files({ [v1]: '9223372036854771712\n' })), SHIPPED_LIMIT)
    assert.equal(memoryLimit(files({})), SHIPPED_LIMIT)
  })

  it('follow from the memory, and leave room for two of the largest bodies', () => {
    const { connections, untried, handshakes, waiting, bytes } = limitsFor(256 * MiB)
    assert.deepEqual([connections, untried, handshakes, waiting, bytes], [512, 128, 64, 512, 32 * MiB])
    assert.ok(limitsFor(32 * MiB).bytes >= 14 * MiB)
    assert.ok(limitsFor(2 ** 40).connections <= 4096)
  })
})

describe('things by address', () => {
  it('have their turn one address after the other, and are found where most are', () => {
    const room = new Fair<string>()
    for (const [address, thing] of ['a1', 'a2', 'a3', 'b1', 'c1'].map((name) => [name[0]!, name]))
      room.add(address!, thing!)
    assert.equal([...room.crowded()][0]![0], 'a')
    assert.deepEqual(
      [
        room.newest(() => true),
        room.newest((address) => address !== 'b'),
        ...Array.from({ length: 4 }, () => room.oldest()),
      ],
      ['a3', 'c1', 'b1', 'a1', 'a2', undefined],
    )
    assert.equal(room.size, 0)
  })
})

describe('how often an address may come in', () => {
  it('is bounded, less where it did what no API server does, and not where it had reviews answered', () => {
    const clock = { now: 0 }
    const rates = openRates(() => clock.now)
    const count = (address: string, seconds: number) => {
      clock.now += seconds * 1000
      let admitted = 0
      while (admitted < 1_000 && rates.admits(address)) admitted++
      return admitted
    }
    assert.deepEqual([count('flood', 0), count('flood', 1), count('flood', 2)], [32, 32, 32])
    clock.now += 400
    assert.equal(count('flood', 0), 20)
    for (let n = 0; n < 5; n++) rates.penalise('flood')
    assert.deepEqual([count('flood', 1), count('flood', 0.2)], [0, 10])
    for (let n = 0; n < 500; n++) rates.penalise('flood')
    assert.deepEqual([count('flood', 5), count('flood', 0.2)], [0, 10])
    rates.trust('api')
    assert.equal(count('api', 0), 1_000)
    rates.penalise('api')
    assert.equal(count('api', 0), 22)
    assert.equal(count('another', 0), 32)
  })
})

describe('the turnstile', () => {
  it('lets addresses take turns, however many of one wait', async () => {
    const turnstile = openTurnstile()
    const order: string[] = []
    const pass = (address: string) => turnstile.decide(address, () => void order.push(address))
    const all = Array.from({ length: 100 }, () => pass('flood'))
    await Promise.all([...all, pass('api'), pass('api')])
    assert.ok(order.slice(0, 4).includes('api'), `${order.indexOf('api')}`)
    assert.ok(order.lastIndexOf('api') < 8)
  })

  /** A clock that only decisions move. @returns the order of decisions when each of an address takes so many ms */
  async function orderOf(asked: readonly (readonly [address: string, count: number, ms: number])[]): Promise<string[]> {
    let time = 0
    const turnstile = openTurnstile(() => time)
    const order: string[] = []
    const all = asked.flatMap(([address, count, ms]) =>
      Array.from({ length: count }, () =>
        turnstile.decide(address, () => {
          time += ms
          order.push(address)
        }),
      ),
    )
    await Promise.all(all)
    return order
  }

  it('shares the time and not the turns: beside reviews of 100 ms, cheap ones are decided first', async () => {
    const order = await orderOf([
      ['flood', 10, 100],
      ['api', 200, 0.5],
    ])
    assert.ok(order.slice(0, 201).filter((address) => address === 'api').length >= 199, order.slice(0, 20).join())
  })

  it('serves the oldest of an address first, so that none waits for ever while others come again', async () => {
    const turnstile = openTurnstile()
    let isFirst = false
    const first = turnstile.decide('api', () => {
      isFirst = true
    })
    const spend = () => {
      for (const end = performance.now() + 2; performance.now() < end; );
    }
    for (let n = 0; n < 20; n++) void turnstile.decide('api', spend)
    for (let n = 0; n < 20 && !isFirst; n++) {
      for (let more = 0; more < 4; more++) void turnstile.decide('api', spend)
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.ok(isFirst)
    await first
  })

  it('lets no address save up time by being silent, nor starve another', async () => {
    let time = 0
    const turnstile = openTurnstile(() => time)
    const order: string[] = []
    const decide = (address: string) =>
      turnstile.decide(address, () => {
        time += 10
        order.push(address)
      })
    await Promise.all(Array.from({ length: 50 }, () => decide('early')))
    await Promise.all([
      ...Array.from({ length: 50 }, () => decide('early')),
      ...Array.from({ length: 50 }, () => decide('late')),
    ])
    const [first, second] = [order.slice(50, 100), order.slice(100)]
    for (const part of [first, second])
      assert.ok(part.filter((address) => address === 'early').length >= 20, part.join())
  })

  it('passes on what a decision throws, and goes on', async () => {
    const turnstile = openTurnstile()
    await assert.rejects(
      turnstile.decide('a', () => {
        throw new Error('no')
      }),
      /no/,
    )
    assert.equal(await turnstile.decide('a', () => 1), 1)
  })
})

describe('bytes in flight', () => {
  it('are taken from the largest of the address with most when there are too many', () => {
    const ended: string[] = []
    const budget = byteBudget(100)
    const hold = (address: string, name: string) => budget.open(address, () => void ended.push(name))
    const [large, small, ordinary] = [hold('flood', 'large'), hold('flood', 'small'), hold('api', 'ordinary')]
    assert.ok(large.take(60) && small.take(20) && ordinary.take(10))
    assert.ok(ordinary.take(20))
    assert.deepEqual([ended, budget.used()], [['large'], 50])
    assert.equal(large.take(1), false, 'a request that was given up takes no more')
    assert.equal(small.take(90), false, 'the largest itself gives way')
    ordinary.release()
    ordinary.release()
    assert.equal(budget.used(), 0)
  })

  it('are never more than the limit, in any order of a thousand takers', () => {
    const budget = byteBudget(1_000)
    const holds = Array.from({ length: 1_000 }, (_, n) => budget.open(`${n % 7}`, () => {}))
    for (const [n, hold] of holds.entries()) {
      hold.take((n * 37) % 300)
      if (n % 3 === 0) hold.release()
      assert.ok(budget.used() <= 1_000)
    }
    for (const hold of holds) hold.release()
    assert.equal(budget.used(), 0)
  })
})

describe('memory after a flood', () => {
  it('is collected after work, seldom, once after its end, and not while much is in flight', async (test) => {
    test.mock.timers.enable({ apis: ['setInterval'] })
    const budget = byteBudget(1_000)
    let [collected, worked] = [0, 0]
    const collect = async () => {
      collected++
      worked += 500
    }
    const stop = giveBack(budget, 1_000, { collect, worked: () => worked })
    test.mock.timers.tick(600_000)
    assert.equal(collected, 0, 'nothing was done')
    worked += 5_000
    const hold = budget.open('flood', () => {})
    hold.take(900)
    test.mock.timers.tick(60_000)
    assert.equal(collected, 0, 'it goes on')
    hold.release()
    const wave = budget.open('flood', () => {})
    wave.take(800)
    wave.release()
    test.mock.timers.tick(5_000)
    assert.equal(collected, 0, 'another wave')
    test.mock.timers.tick(5_000)
    // Twice each time (webhook/budget/give-back.ts).
    await new Promise(setImmediate)
    assert.equal(collected, 2)
    worked += 1_000
    test.mock.timers.tick(25_000)
    assert.equal(collected, 2, 'a short time after')
    test.mock.timers.tick(5_000)
    await new Promise(setImmediate)
    assert.equal(collected, 4, 'the rest of it')
    for (let n = 0; n < 100; n++) {
      worked += 25
      test.mock.timers.tick(5_000)
    }
    assert.equal(collected, 4, 'probes, and its own work')
    stop()
  })
})

describe('the door', () => {
  const limits = { ...limitsFor(SHIPPED_LIMIT), connections: 4 }
  const refused: string[] = []
  let inner: Server
  let door: Door
  let port: number
  before(async () => {
    inner = createServer((request, response) => {
      if (!door.admits(request, response)) return
      if (request.url === '/review') door.served(request)
      if (request.url !== '/never') response.end('ok')
    })
    door = openDoor(inner, limits, (why) => void refused.push(why), false)
    await once(door.server.listen(0, '127.0.0.1'), 'listening')
    port = (door.server.address() as AddressInfo).port
  })
  after(async () => {
    door.close(0)
    await door.gone
  })

  async function open(localAddress: string): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port, localAddress })
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }
  /** However it is: a reset is no failure here. */
  const closed = (socket: Socket) =>
    new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())))
  async function ask(socket: Socket, path = '/review'): Promise<string> {
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
    const [answer] = await Promise.race([once(socket, 'data'), closed(socket).then(() => ['closed'])])
    return String(answer)
  }

  it('closes idle connections of the address with most for new ones, and one that was of use last', async () => {
    const api = await open('127.0.0.1')
    assert.match(await ask(api), /^HTTP\/1\.1 200/)
    const idle: Socket[] = []
    for (let n = 0; n < 12; n++) idle.push(await open('127.0.0.2'))
    await sleep(100)
    assert.equal(door.used().connections, 4)
    assert.match(await ask(api), /^HTTP\/1\.1 200/)
    // The same from its own address, as behind a network that hides addresses.
    for (let n = 0; n < 12; n++) idle.push(await open('127.0.0.1'))
    await sleep(100)
    assert.match(await ask(api), /^HTTP\/1\.1 200/)
    assert.ok(refused.every((why) => why === 'too-many-connections') && refused.length >= 20)
    for (const socket of [api, ...idle]) socket.destroy()
  })

  it('closes one that is being answered for an address with fewer only, and else the new one', async () => {
    await sleep(100)
    const asking: Socket[] = []
    for (let n = 0; n < 4; n++) asking.push(await open('127.0.0.3'))
    for (const socket of asking) socket.write('GET /never HTTP/1.1\r\nhost: x\r\n\r\n')
    await sleep(100)
    await closed(await open('127.0.0.3'))
    assert.ok(asking.every(({ closed }) => !closed))
    const newcomer = await open('127.0.0.4')
    assert.match(await ask(newcomer), /^HTTP\/1\.1 200/)
    assert.deepEqual(
      asking.map(({ closed }) => closed),
      [true, false, false, false],
    )
    for (const socket of [newcomer, ...asking]) socket.destroy()
  })

  it('closes a connection that asks again before it was answered', async () => {
    await sleep(100)
    refused.length = 0
    const socket = await open('127.0.0.1')
    socket.write('GET /never HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(5_000))
    await closed(socket)
    assert.deepEqual(refused, ['pipelined'])
  })

  it('gives up a request that is not there in time', async () => {
    refused.length = 0
    const socket = await open('127.0.0.1')
    socket.write('POST /never HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n1')
    await closed(socket)
    assert.deepEqual(refused, ['slow-request'])
  })
})
