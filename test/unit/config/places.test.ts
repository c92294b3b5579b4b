/** Where an agent finds its configuration when no option says. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loadAgentConfig } from '../../../agent/config/load.ts'

const directory = mkdtempSync(join(tmpdir(), 'kernelseal-places-'))
after(() => rmSync(directory, { recursive: true }))

const places = { annotations: join(directory, 'annotations'), config: join(directory, 'config.yaml') }

test('without a file at either place there is none, and the error names both', () => {
  assert.throws(
    () => loadAgentConfig({}, places),
    ({ message }: Error) => message.includes(places.annotations) && message.includes(places.config),
  )
})

test('a file at the place for a config is taken as with --config', () => {
  writeFileSync(places.config, 'version: v1\npolicy: { mode: audit }\nsecrets: []\n')
  const { host, where, config } = loadAgentConfig({}, places)
  assert.deepEqual([host, where, config.policy.mode], [true, places.config, 'audit'])
})

test('a Pod’s annotations come first, also where they cannot be used', () => {
  writeFileSync(places.annotations, 'a="b"\n')
  assert.throws(() => loadAgentConfig({}, places), /the webhook has not injected this Pod/)
})
