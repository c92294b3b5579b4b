/** A small Pod that asks for more placeholders than fit into a Pod: the API server has not looked at it by then. */
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { it, mock } from 'node:test'
import type { Outcome } from '../../../../webhook/mutate/answer/outcome.ts'
import { inject } from '../fixtures.ts'

/** Variables that one Pod may bind. */
const VARIABLES = 256

function pod(containers: number) {
  const annotations = Object.fromEntries(
    Array.from({ length: VARIABLES }, (_, index) => [`secret.kernelseal.io/V${index}`, 'secret/v/v']),
  )
  const named = Array.from({ length: containers }, (_, index) => ({ name: `c${index}` }))
  return { metadata: { annotations }, spec: { containers: named } }
}

/** How many slots were computed for it, one for each placeholder. */
function counted(containers: number): { readonly outcome: Outcome; readonly slots: number } {
  const hmac = mock.method(crypto, 'createHmac')
  syncBuiltinESMExports()
  const outcome = inject(pod(containers))
  const slots = hmac.mock.callCount()
  mock.restoreAll()
  syncBuiltinESMExports()
  return { outcome, slots }
}

it('three containers have theirs', () => {
  const { outcome, slots } = counted(3)
  assert.equal(outcome.kind, 'inject')
  assert.equal(slots, 3 * VARIABLES)
})

it('256 containers are refused before one is made', () => {
  const { outcome, slots } = counted(256)
  assert.equal(outcome.reason, 'placeholders-too-large')
  assert.equal(slots, 0)
})

it('a Pod of more containers than that is refused with any bindings', () => {
  const { outcome } = counted(257)
  assert.match(outcome.kind === 'deny' ? outcome.message : '', /: 257, the limit is 256 \(/)
})
