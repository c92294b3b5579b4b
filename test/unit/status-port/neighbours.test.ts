/** Addresses of IPv6, of which one client has as many as it likes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openNeighbours } from '../../../agent/status-port/neighbours.ts'

const own = (network: string, count: number, from = 1) =>
  Array.from({ length: count }, (_, n) => `${network}::${(from + n).toString(16)}`)

describe('an address', () => {
  it('of IPv4 counts for itself, however many there are', () => {
    const countedAs = openNeighbours()
    for (const start of ['10.0.', '::ffff:10.0.'])
      for (let n = 0; n < 1_000; n++) {
        const address = `${start}${n >> 8}.${n & 255}`
        assert.equal(countedAs(address), address)
      }
  })

  it('of IPv6 counts for itself where its network has few, and all others of it as one', () => {
    const countedAs = openNeighbours()
    const [api, ...flood] = own('2001:db8:1:2', 1_000)
    assert.equal(countedAs(api!), api)
    const counted = new Set(flood.map(countedAs))
    assert.equal(counted.size, 8)
    assert.ok(counted.has('2001:db8:1:2::/64'))
    assert.equal(countedAs(api!), api)
    assert.equal(countedAs('2001:db8:1:3::1'), '2001:db8:1:3::1')
  })

  it('makes room once it was not seen for ten minutes', () => {
    let time = 0
    const countedAs = openNeighbours(() => time)
    for (const address of own('2001:db8:1:2', 8)) countedAs(address)
    assert.equal(countedAs('2001:db8:1:2::99'), '2001:db8:1:2::/64')
    time = 500_000
    countedAs('2001:db8:1:2::1')
    time = 700_000
    assert.equal(countedAs('2001:db8:1:2::99'), '2001:db8:1:2::99')
    assert.equal(countedAs('2001:db8:1:2::1'), '2001:db8:1:2::1')
  })

  it('is of the same network in every way of writing it', () => {
    for (const [network, rest] of [
      ['fe80:0:0:0::/64', (n: string) => `fe80::${n}%eth0`],
      ['2001:db8:0:0::/64', (n: string) => `2001:db8::5:${n}`],
      ['2001:db8:1:0::/64', (n: string) => `2001:db8:1::8:7:6:${n}`],
      ['1:2:3:4::/64', (n: string) => `1:2:3:4:5:6:7:${n}`],
      ['0:0:0:0::/64', (n: string) => `::${n}`],
    ] as const) {
      const countedAs = openNeighbours()
      for (let n = 1; n <= 8; n++) countedAs(rest(`${n}`))
      assert.equal(countedAs(rest('9')), network)
    }
  })

  it('is remembered of so many networks, and no more', () => {
    const countedAs = openNeighbours()
    for (let n = 0; n < 9; n++) countedAs(`2001:db8::${n}`)
    assert.equal(countedAs('2001:db8::99'), '2001:db8:0:0::/64')
    for (let n = 1; n <= 256; n++) countedAs(`2001:db8:0:${n.toString(16)}::1`)
    assert.equal(countedAs('2001:db8::99'), '2001:db8::99')
  })
})
