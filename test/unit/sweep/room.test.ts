import assert from 'node:assert/strict'
import { closeSync, fstatSync, openSync } from 'node:fs'
import { test } from 'node:test'
import { tokensOf } from '../../../agent/attack/sweep/needles.ts'
import { gapsOf, newRoom } from '../../../agent/attack/sweep/room.ts'

const request = {
  ...{ pid: process.pid, second: process.pid, isProtected: false, page: '0', tracepoint: 0, seed: 1, milliseconds: 1 },
  tokens: tokensOf('abcdefgh'),
  from: { family: 0, step: 0 },
}
const isOpen = (fd: number) => {
  try {
    return fstatSync(fd).isCharacterDevice()
  } catch {
    return false
  }
}

test('between and behind the descriptors that are kept lie the ones that are closed', () => {
  assert.deepEqual(gapsOf([0, 1, 2, 5, 9]), [
    [3, 4],
    [6, 8],
    [10, 0xffffffff],
  ])
  assert.deepEqual(gapsOf([]), [[0, 0xffffffff]])
})

test('what a family has opened to work with outlives its steps, what a step leaves open does not', () => {
  const room = newRoom(request, () => undefined)
  const tool = openSync('/dev/null', 'r')
  room.keep()
  const left = openSync('/dev/null', 'r')
  assert.deepEqual([room.isNew(tool), room.isNew(left), room.isNew(1 << 19)], [false, true, false])
  room.tidy()
  assert.deepEqual([isOpen(tool), isOpen(left)], [true, false])
  room.clear()
  assert.ok(!isOpen(tool), 'no descriptor of one family is left to the next')
})

test('a descriptor that takes the place of one closed before is new', () => {
  const before = openSync('/dev/null', 'r')
  const room = newRoom(request, () => undefined)
  room.keep()
  closeSync(before)
  room.keep()
  const after = openSync('/dev/null', 'r')
  assert.equal(after, before)
  assert.ok(room.isNew(after))
  closeSync(after)
})
