/** A change in a running agent: weaker protection, or only more values. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseConfig } from '../../../../agent/policy/parse.ts'
import { judgeChange } from '../../../../agent/policy/strength/verdict.ts'

const standing = (names: readonly string[], host: boolean, mode = 'enforce', binding = 'shop') => {
  const secretRefs = names.map((name) => ({ name, source: { envRef: name } }))
  const text = JSON.stringify({ version: 'v1', policy: { mode }, secrets: [{ name: binding, secretRefs }] })
  return { config: parseConfig(text, 'c').config, host, identity: 'a', variables: [] }
}

it('a variable or binding that the file of a host has in addition makes nothing weaker', () => {
  const before = standing(['A'], true)
  assert.deepEqual(judgeChange(before, standing(['A', 'B'], true), false), {
    weaker: [],
    more: ['binding `shop` gives `B` as well'],
  })
  assert.deepEqual(judgeChange(before, standing(['A', 'B'], true, 'audit'), false), {
    weaker: ['`mode` from enforce to audit'],
    more: ['binding `shop` gives `B` as well'],
  })
  assert.deepEqual(judgeChange(before, standing(['A'], true, 'enforce', 'other'), false), {
    weaker: ['binding `shop` is gone, and its programs start unsealed'],
    more: ['binding `other` is new, and gives values'],
  })
})

it('in a Pod it is weaker, since its annotations may be another’s, and a locked policy takes neither', () => {
  const more = 'binding `shop` gives `B` as well'
  const pod = judgeChange(standing(['A'], false), standing(['A', 'B'], false), false)
  assert.deepEqual(pod, { weaker: [more], more: [] })
  for (const host of [true, false]) {
    const locked = judgeChange(standing(['A'], host), standing(['A', 'B'], host), true)
    assert.match('refused' in locked ? locked.refused : '', /it is weaker \(binding `shop` gives `B` as well\)/)
  }
})
