import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reasonNotToCall } from '../../../agent/attack/sweep/families/not-called.ts'
import { samplesOf } from '../../../agent/attack/sweep/families/sample-records.ts'
import { shapes } from '../../../agent/attack/sweep/families/shapes.ts'
import { families, sliceOf } from '../../../agent/attack/sweep/families.ts'
import { numbersFrom, shuffled } from '../../../agent/attack/sweep/order.ts'
import { numberOf } from '../../../agent/linux/syscall-numbers.ts'

const page = { address: 0x7000_0000, bytes: Buffer.alloc(4096) }
const pages = { out: page, more: page, into: page, from: page }

test('a seed gives one order, another seed another, and no step is lost', () => {
  const list = Array.from({ length: 100 }, (_, i) => i)
  assert.deepEqual(shuffled(list, 7), shuffled(list, 7))
  assert.notDeepEqual(shuffled(list, 7), shuffled(list, 8))
  assert.deepEqual(
    shuffled(list, 7).toSorted((a, b) => a - b),
    list,
  )
  assert.ok([1, 2, 3].map(numbersFrom(1)).every((number) => number >= 0 && number < 1))
})

test('the families share the time that is left, the last has all of it', () => {
  assert.ok(sliceOf(0, 1000) < 1000)
  assert.equal(sliceOf(families.length - 1, 1000), 1000)
})

test('the calls that read memory or take descriptors of others are made, on both architectures', () => {
  for (const arch of ['x64', 'arm64'])
    for (const call of ['process_vm_readv', 'pidfd_getfd', 'kcmp', 'openat'] as const)
      assert.equal(reasonNotToCall(numberOf(call, arch), arch), undefined, `${call} on ${arch}`)
})

test('a call that would end the sweep or the machine is not made, with a reason', () => {
  for (const arch of ['x64', 'arm64'])
    for (const call of ['execve', 'munmap', 'setresuid', 'ptrace', 'bpf', 'process_vm_writev', 'prctl'] as const)
      assert.match(reasonNotToCall(numberOf(call, arch), arch) ?? '', /\w{4}/, `${call} on ${arch}`)
})

test('a call is given the target as a PID and as a pidfd, beside pages, iovecs and small numbers', () => {
  const all = shapes({ pid: 4711, pidfd: 40, own: 9, remote: 0x7fff_0000n, pages })
  const has = (...words: (number | bigint)[]) => all.some((shape) => words.every((word, i) => shape.words[i] === word))
  assert.ok(has(4711, page.address, 1, page.address, 1, 0), 'process_vm_readv')
  assert.ok(has(40, 17, 0), 'pidfd_getfd')
  assert.ok(all.every(({ words }) => words.length === 6))
})

test('no call is given a small descriptor of the sweep itself in the first place', () => {
  const first = shapes({ pid: 4711, pidfd: 40, own: 9, remote: 0n, pages }).map(({ words }) => Number(words[0]))
  assert.ok(first.every((word) => word <= 2 || word >= 40))
})

test('without a pidfd the PID is tried alone', () => {
  const all = shapes({ pid: 4711, pidfd: -1, own: 9, remote: 0n, pages })
  assert.ok(all.every(({ words }) => words.every((word) => word >= 0)))
})

test('of a ring the samples of the target are taken, and each once', () => {
  const ring = Buffer.alloc(4096 * 2)
  const record = (at: number, pid: number) => {
    ring.writeUInt32LE(9, 4096 + at)
    ring.writeUInt16LE(24, 4096 + at + 6)
    ring.writeUInt32LE(pid, 4096 + at + 8)
  }
  record(0, 12)
  record(24, 4711)
  ring.writeBigUInt64LE(48n, 1024)
  assert.deepEqual(
    samplesOf(ring, 4711).map((sample) => sample.readUInt32LE(8)),
    [4711],
  )
  assert.deepEqual(samplesOf(ring, 4711), [])
})
