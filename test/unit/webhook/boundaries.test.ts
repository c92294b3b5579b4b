import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { packagesOf, reached } from '../imports.ts'

describe('the boundary between webhook and agent', () => {
  for (const command of ['inject', 'uninject', 'lint', 'explain']) {
    it(`\`kernelseal ${command}\` reaches no package but js-yaml and jsonpatch`, () => {
      assert.deepEqual(packagesOf(reached(`agent/cli/${command}.ts`)).sort(), ['js-yaml', 'jsonpatch'])
    })
  }

  it('the webhook that serves never loads the package that applies patches', () => {
    assert.ok(!packagesOf(reached('webhook/main.ts')).includes('jsonpatch'))
  })

  it('the webhook reaches nothing of the agent but its policy, its port and the table of options', () => {
    const agent = [...reached('webhook/main.ts')].filter((file) => file.startsWith('agent/'))
    assert.deepEqual(
      agent.filter((file) => !/^agent\/(options|policy|status-port)\//.test(file)),
      [],
    )
    assert.notEqual(agent.length, 0)
  })
})
