import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentConfig } from '../../../agent/config/load.ts'
import type { ProcessRecord } from '../../../agent/node/process-records.ts'
import { parseConfig } from '../../../agent/policy/parse.ts'
import { variablesOf } from '../../../agent/policy/secrets/variables.ts'
import { changedSince, earlierOf } from '../../../agent/reload/compare.ts'
import { isStale } from '../../../agent/reload/signal.ts'
import { freshness } from '../../../agent/reload/state.ts'
import { policyOf, policyWords } from '../../../agent/scope/switches.ts'
import { PROC_FLAG } from '../../../agent/wire/generated.ts'

const TEXT = `
secrets:
  - name: a
    selector: { binary: /a }
    secretRefs: [{ name: X, source: { envRef: X } }, { name: Y, source: { envRef: Y } }]
  - name: b
    selector: { binary: /b }
    secretRefs: [{ name: X, source: { envRef: Z } }]
`
const { config } = parseConfig(TEXT, 'c')
const variables = variablesOf(config, ['app'], '5e'.repeat(16))
const agent: AgentConfig = { config, variables, where: 'c', host: false, identity: '', warnings: [], followed: [] }
const slotOf = (name: string): string => variables.find((variable) => variable.name === name)!.slot
const value = (binding: number, name: string, text: string) => ({ binding, name, bytes: Buffer.from(text) })

test('a value that an earlier agent had registered for its variable is not changed, with any number of its binding', () => {
  const registered = new Map([[slotOf('X'), [Buffer.from('b'), Buffer.from('a')]]])
  assert.deepEqual(changedSince(registered, agent, [value(0, 'X', 'a'), value(1, 'X', 'b')]), [])
  assert.deepEqual(changedSince(registered, agent, [value(0, 'X', 'a'), value(1, 'X', 'new')]), [1])
  assert.deepEqual(changedSince(registered, agent, [value(0, 'Y', 'never there')]), [])
  assert.deepEqual(changedSince(new Map(), agent, [value(0, 'X', 'a')]), [])
})

test('an earlier value is that of the same source, and of no other', () => {
  const earlier = earlierOf({ secrets: config.secrets, values: [value(0, 'X', 'a')] })
  const [a, b] = config.secrets as [(typeof config.secrets)[0], (typeof config.secrets)[0]]
  const ref = a.secretRefs[0]!
  assert.equal(String(earlier(a, ref)), 'a')
  assert.equal(earlier(a, { ...ref, source: { kind: 'envRef', name: 'OTHER' } }), undefined)
  assert.equal(earlier(a, { ...ref, source: { ...ref.source, trim: true } }), undefined)
  assert.equal(earlier(b, ref), undefined)
})

test('mode and switches are read back from a scope’s record as they were written', () => {
  for (const text of [
    '{}',
    '{mode: audit, blockMaps: true, allowSelfRead: false}',
    '{blockMem: false, auditAll: true}',
    '{kernelControl: [modules, sysctl-vm, file-handles]}',
  ]) {
    const { policy } = parseConfig(`policy: ${text}`, 'c').config
    for (const onFailure of ['kill', 'start'] as const) {
      const { switches: bits, kernel_control: control } = policyWords({ policy, onFailure }, true)
      assert.deepEqual(policyOf(policy.mode, bits, control), { policy, onFailure })
    }
  }
})

const record = (bindings: bigint, generation: bigint, flags: number = PROC_FLAG.SEALED): ProcessRecord => ({
  scope: 7,
  flags,
  start: 1n,
  bindings,
  pid: 1,
  container: 1n,
  generation,
})

test('a process is stale when a value of one of its bindings changed after its generation', () => {
  const changedAt = new Map([[1, 5]])
  assert.ok(isStale(record(0b10n, 4n), changedAt))
  assert.ok(!isStale(record(0b10n, 5n), changedAt))
  assert.ok(!isStale(record(0b01n, 1n), changedAt), 'a binding whose values are the same')
})

test('sealed processes alive are counted as current or stale; others are not counted', () => {
  const records = [record(2n, 4n), record(2n, 5n), record(1n, 1n), record(2n, 4n, 0), { ...record(2n, 4n), scope: 8 }]
  assert.deepEqual(freshness(records, 7, new Map([[1, 5]])), { current: 2, stale: 1 })
})
