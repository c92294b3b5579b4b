import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseConfig } from '../../../agent/policy/parse.ts'
import { slotIn } from '../../../agent/policy/secrets/placeholder.ts'
import { fillTemplate, templateReferences } from '../../../agent/policy/secrets/template.ts'
import { variablesOf } from '../../../agent/policy/secrets/variables.ts'

const NONCE = '00112233445566778899aabbccddeeff'

const { config } = parseConfig(
  `
secrets:
- name: server
  selector: { binary: /bin/server, container: app }
  secretRefs:
  - { name: TOKEN, source: { envRef: A }, capacity: 200 }
- name: worker
  selector: { binary: /bin/worker }
  secretRefs:
  - { name: TOKEN, source: { envRef: B }, capacity: 300 }
  - { name: KEY, source: { envRef: C } }
`,
  'c',
)

describe('the variables of a configuration', () => {
  const variables = variablesOf(config, ['app', 'sidecar'], NONCE)

  it('are one per container and name, the larger capacity winning', () => {
    assert.deepEqual(
      variables.map(({ container, name, capacity }) => [container, name, capacity]),
      [
        ['app', 'TOKEN', 300],
        ['app', 'KEY', 256],
        ['sidecar', 'TOKEN', 300],
        ['sidecar', 'KEY', 256],
      ],
    )
  })

  it('have slots of their own and placeholders of their capacity', () => {
    assert.equal(new Set(variables.map(({ slot }) => slot)).size, 4)
    for (const { placeholder, capacity, slot } of variables) {
      assert.equal(placeholder.length, capacity)
      assert.equal(slotIn(placeholder), slot)
    }
  })

  it('are the same each time they are asked for, and others under another nonce', () => {
    assert.deepEqual(variablesOf(config, ['app', 'sidecar'], NONCE), variables)
    const others = variablesOf(config, ['app', 'sidecar'], 'f'.repeat(32)).map(({ slot }) => slot)
    assert.equal(new Set([...others, ...variables.map(({ slot }) => slot)]).size, 8)
  })
})

describe('a template', () => {
  it('names each variable it refers to once, and not escaped ones', () => {
    assert.deepEqual(templateReferences('$(A)$(B)$(A)$$(C)$(not a name)$('), ['A', 'B'])
  })

  it('is filled by the rules of Kubernetes', () => {
    assert.equal(
      fillTemplate('$(A):$$(A):$(1):$', () => '$(B)', 64),
      '$(B):$(A):$(1):$',
    )
    // By kubernetes' own table (expand_test.go): the name ends at the first `)`.
    const filled = (text: string) => fillTemplate(text, (name) => `<${name}>`, 64)
    assert.equal(filled('$(a$(B)) $(B)'), '$(a$(B)) <B>')
    assert.equal(filled('$(B)$(C $$ $x$(D'), '<B>$(C $ $x$(D')
    assert.equal(filled('$()$(B)$'), '$()<B>$')
  })
})
