import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byVictim, EVERY_ATTACKER, parseAttacker } from '../../../agent/attack/runner/attackers.ts'

test('the same user attacks a process of his own, the others one of a container', () => {
  const own = parseAttacker('same-uid')
  assert.equal(own.identity, own.victim)
  for (const name of EVERY_ATTACKER) {
    if (name !== 'same-uid') assert.deepEqual(parseAttacker(name), { name, identity: name, victim: 'container-root' })
  }
})

test('other texts than identities name no attacker', () => {
  for (const text of ['same', 'uid:x', '']) assert.throws(() => parseAttacker(text), RangeError)
})

test('attackers of one victim stay together and in order', () => {
  const groups = byVictim(EVERY_ATTACKER.map(parseAttacker))
  assert.deepEqual([...groups.keys()], ['container-root', 'uid:1000'])
  assert.deepEqual(
    [...groups.values()].flat().map(({ name }) => name),
    EVERY_ATTACKER,
  )
})
