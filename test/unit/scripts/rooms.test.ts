import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { circleOf, differences, importsOf, readSources, roomsOf } from '../../../scripts/lib/rooms.ts'

const TABLE = '| `agent/run` | x | `agent/node` |\n| `agent/node` | y | |\n'
const found = (text: string) =>
  importsOf(
    new Map([
      ['agent/run/session.ts', text],
      ['agent/node/guard.ts', ''],
    ]),
  )

describe('the rooms of docs/architecture.md', () => {
  it('agree with the imports of agent and webhook', () => {
    const table = roomsOf(readFileSync(join(import.meta.dirname, '../../../docs/architecture.md'), 'utf8'))
    assert.ok(table.size > 20)
    assert.deepEqual(differences(table, importsOf(readSources())), [])
  })

  it('an import that is not listed is a difference', () => {
    const text = "import { a } from '../node/guard.ts'\nimport { b } from '../cli/run.ts'"
    assert.deepEqual(differences(roomsOf(TABLE), found(text)), [
      'agent/run/session.ts: `agent/run` may not import `agent/cli`',
    ])
  })

  it('a listed import that no file makes is a difference', () => {
    assert.match(differences(roomsOf(TABLE), found('')).join(), /imports nothing of `agent\/node`/)
  })

  it('a folder without a row is a difference', () => {
    assert.match(differences(new Map(), found('')).join(), /`agent\/run` has no row/)
  })

  it('a circle is found', () => {
    assert.deepEqual(circleOf(roomsOf('| `agent/a` | x | `agent/b` |\n| `agent/b` | x | `agent/a` |\n')), [
      'agent/a',
      'agent/b',
      'agent/a',
    ])
  })
})
