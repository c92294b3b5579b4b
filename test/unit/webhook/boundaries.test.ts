import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** Files and packages a file imports, and those import in turn; `import type` leaves nothing behind. */
function reached(entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen
  seen.add(entry)
  const text = readFileSync(join(ROOT, entry), 'utf8')
  for (const [, from = ''] of text.matchAll(/^(?:import|export) (?!type )[^'"]*from '([^']+)'|import\('([^']+)'\)/gm)) {
    if (from === '' || from.startsWith('node:')) continue
    if (from.startsWith('.')) reached(relative(ROOT, join(ROOT, dirname(entry), from)), seen)
    else seen.add(from)
  }
  return seen
}

const packagesOf = (files: Iterable<string>) => [...files].filter((name) => !name.endsWith('.ts')).sort()

describe('the boundary between webhook and agent', () => {
  for (const command of ['inject', 'uninject', 'lint', 'explain']) {
    it(`\`kernelseal ${command}\` reaches no package but js-yaml`, () => {
      assert.deepEqual(packagesOf(reached(`agent/cli/${command}.ts`)), ['js-yaml'])
    })
  }

  it('the webhook reaches nothing of the agent but its policy', () => {
    const agent = [...reached('webhook/main.ts')].filter((file) => file.startsWith('agent/'))
    assert.deepEqual(
      agent.filter((file) => !file.startsWith('agent/policy/')),
      [],
    )
    assert.notEqual(agent.length, 0)
  })
})
