import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { hostForm, podForm } from '../../../agent/attack/targets/agent-form.ts'
import { CANARY_VARIABLE } from '../../../agent/attack/targets/canary.ts'
import { loadAgentConfig } from '../../../agent/config/load.ts'

const directory = mkdtempSync(join(tmpdir(), 'kernelseal-form-'))
process.env.KERNELSEAL_STATE_DIR = directory // of the nonce
const shells = { shell: '/x/shell', pinned: '/x/pinned', sha256: 'ab'.repeat(32) }
const program = { path: '/x/canary', shells, directory, close: () => {} }

after(() => rmSync(directory, { recursive: true }))

test('as a host’s and as a Pod’s the agent binds the same programs to one variable', () => {
  const [host, pod] = [hostForm(program, 'enforce'), podForm(program, 'audit', ['nsenter'])]
  const [, config = ''] = host.options
  const [, annotations = ''] = pod.options
  const loaded = [loadAgentConfig({ config }), loadAgentConfig({ annotations, 'file-root': ['/proc/self/fd'] })]
  assert.deepEqual(
    loaded.map((agent) => [agent.host, agent.config.policy.mode]),
    [
      [true, 'enforce'],
      [false, 'audit'],
    ],
  )
  for (const { config: policy, variables } of loaded) {
    assert.deepEqual(
      policy.secrets.map(({ selector }) => selector.binary),
      ['/x/canary', '/x/shell', '/x/pinned'],
    )
    assert.deepEqual(
      variables.map(({ name }) => name),
      [CANARY_VARIABLE],
    )
  }
  assert.notEqual(host.placeholder, pod.placeholder)
  assert.deepEqual(pod.enter, ['nsenter'])
})
