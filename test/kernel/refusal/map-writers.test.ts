/**
 * Root outside of all scopes, with every capability, and the maps of an agent that serves a Pod: who could write there would take
 * a seal, or a whole policy, away. Reading stays (`kernelseal status`), but of values.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { getSystemErrorName } from 'node:util'
import type { BpfError } from '../../../agent/libbpf/error.ts'
import { BpfMap, type MapAccess } from '../../../agent/libbpf/map.ts'
import { mapPin, SHARED_MAPS, type SharedMap } from '../../../agent/node/pins.ts'
import { type Agent, eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const config = (mode: string): string => `
version: v1
policy: { mode: ${mode} }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
const SECRET_MAPS: readonly SharedMap[] = ['secret_values', 'needles', 'sieves', 'slots']
const OURS = SHARED_MAPS.filter((name) => !SECRET_MAPS.includes(name))

let space: PidNamespace
before(async () => {
  kernelseal(['unload', '--force'])
  space = await pidNamespace()
})
after(async () => {
  await space.end()
  kernelseal(['unload', '--force'])
})

const startIn = (mode: string): Promise<Agent> =>
  startAgent({ config: config(mode), env: { SOURCE: 'written-about-7d21' }, args: [...space.args, '--stay'] })

function opens(map: SharedMap, access: MapAccess): string {
  try {
    BpfMap.pinned(map, mapPin(map), access).close()
    return 'opens'
  } catch (error) {
    return getSystemErrorName(-(error as BpfError).errno)
  }
}

const answers = (maps: readonly SharedMap[], access: MapAccess): Record<string, string> =>
  Object.fromEntries(maps.map((map) => [map, opens(map, access)]))
const all = (maps: readonly SharedMap[], answer: string): Record<string, string> =>
  Object.fromEntries(maps.map((map) => [map, answer]))

interface Listed {
  readonly id: number
  readonly name?: string
}

const bpftool = (...args: string[]) => spawnSync('bpftool', ['-j', ...args], { encoding: 'utf8' })

test('in mode audit every map opens to be written, and the lists of what is guarded are written by nobody', async () => {
  const agent = await startIn('audit')
  assert.deepEqual(answers(SHARED_MAPS, 'write'), all(SHARED_MAPS, 'opens'))
  const listed = JSON.parse(bpftool('map', 'list').stdout) as Listed[]
  const lists = listed.filter(({ name }) => name?.startsWith('guarded_'))
  assert.equal(lists.length, 2)
  for (const { id } of lists) {
    const entry = ['key', 'hex', '1', '0', '0', '0', 'value', 'hex', '1', '0', '0', '0']
    const { status, stdout } = bpftool('map', 'update', 'id', String(id), ...entry)
    assert.notEqual(status, 0)
    assert.match(stdout, /Operation not permitted/)
  }
  await agent.stop()
})

test('in mode enforce none opens to be written, and those without values open to be read', async () => {
  const agent = await startIn('enforce')
  assert.deepEqual(answers(SHARED_MAPS, 'write'), all(SHARED_MAPS, 'EPERM'))
  assert.deepEqual(answers(OURS, 'read'), all(OURS, 'opens'))
  assert.deepEqual(answers(SECRET_MAPS, 'read'), all(SECRET_MAPS, 'EPERM'))
  assert.match(kernelseal(['status']).stdout, /enforce/)
  await agent.stop()
})

test('a scope whose agent is gone is as closed, and its next agent opens them', async () => {
  assert.deepEqual(answers(OURS, 'write'), all(OURS, 'EPERM'))
  const agent = await startIn('enforce')
  const printed = (): string => space.run(['/usr/bin/printenv', 'TOKEN'], agent.placeholders).stdout
  await eventually('its value', () => printed() === 'written-about-7d21\n')
  await agent.stop()
})
