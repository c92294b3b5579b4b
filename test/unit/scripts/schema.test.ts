import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withSwitches } from '../../../scripts/schema.d/main.ts'

const MODE = { description: 'by hand' }
const KEPT = { type: 'boolean', description: 'by hand', default: true }

test('a switch that the schema lacks is written behind the others, and descriptions stay', () => {
  const { blockMem, ...rest } = withSwitches({ mode: MODE, blockEnviron: KEPT, podIdentity: {} })
  assert.deepEqual(blockMem, { type: 'boolean', default: true })
  assert.deepEqual(Object.keys(rest).slice(0, 2), ['mode', 'blockEnviron'])
  assert.deepEqual([rest.mode, rest.blockEnviron, Object.keys(rest).at(-1)], [MODE, KEPT, 'podIdentity'])
})

test('a wrong default is mended, and a switch that the table no longer has goes', () => {
  const { blockMaps, blockOld } = withSwitches({ blockMaps: { ...KEPT, default: true }, blockOld: KEPT })
  assert.deepEqual([blockMaps?.default, blockOld], [false, undefined])
})
