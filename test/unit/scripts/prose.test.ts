import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { countOf, excessOf, folderOf, loweredBy, rateOf, wordsOf } from '../../../scripts/lib/prose.ts'
import { textOf } from '../../../scripts/lib/prose-text.ts'

const hardIn = (name: string, text: string) => countOf(textOf(name, () => text) ?? '').hard

describe('the count of hard words', () => {
  it('finds each of them, in any case', () => {
    const text = 'What, whatever, who, whoever, whom, nobody, somebody, anybody and everybody; which is whole'
    assert.deepEqual(countOf(text), { words: 13, hard: 9 })
  })

  it('is per 100 words', () => {
    assert.equal(rateOf({ words: 1000, hard: 3 }), 0.3)
    assert.equal(rateOf({ words: 0, hard: 0 }), 0)
  })

  it('takes the comments of a source, and neither its code nor its texts', () => {
    const source = "const what = 'who // is' // what\n/** who\n * whom */\nconst url = 'http://nobody'"
    assert.equal(hardIn('agent/a.ts', source), 3)
    assert.equal(hardIn('agent/a.ts', '// one line\nconst who = 1\n// whom\nfor (const what of who) use(what)'), 1)
    assert.equal(hardIn('bpf/a.c', '/* who */ int who;'), 1)
    assert.equal(hardIn('scripts/a', '#!/bin/sh\n# who\necho who'), 1)
    assert.equal(hardIn('deploy/a.yaml', 'who: "#nobody" # whom'), 1)
  })

  it('takes a page without its code and addresses', () => {
    assert.equal(hardIn('docs/a.md', 'who\n```\nwho\n```\n`who` [x](who.md) whom\n'), 2)
  })

  it('leaves data out', () => {
    assert.equal(
      textOf('test/fixtures/a.md', () => 'who'),
      undefined,
    )
    assert.equal(
      textOf('package.json', () => 'who'),
      undefined,
    )
  })
})

it('a folder with too many is answered with its files and their words', () => {
  const words = (folder: string) => [wordsOf(`${folder}/a.ts`, 'What nobody knows, what somebody says')]
  assert.deepEqual(excessOf({ a: 0.31 }, {}, words), [
    'a: 0.31 hard words per 100 words; it may have 0.3\n  a/a.ts: what 2, nobody 1, somebody 1',
  ])
})

describe('the rates that folders may have', () => {
  it('belong to folders of the second level', () => {
    assert.deepEqual(['a/b/c/d.ts', 'a/b.ts', 'b.md'].map(folderOf), ['a/b', 'a', '.'])
  })

  it('are 0.3, and those of the file for a folder that has more', () => {
    assert.deepEqual(excessOf({ a: 0.3, b: 0.5 }, { b: 0.5 }), [])
    assert.deepEqual(excessOf({ a: 0.31, b: 0.51 }, { b: 0.5 }), [
      'a: 0.31 hard words per 100 words; it may have 0.3',
      'b: 0.51 hard words per 100 words; it may have 0.5',
    ])
  })

  it('fall and never rise', () => {
    const allowed = { falls: 0.9, rises: 0.5, reached: 0.5, gone: 0.6 }
    const found = { falls: 0.8, rises: 0.7, reached: 0.2, added: 0.9 }
    assert.deepEqual(loweredBy(found, allowed), { falls: 0.8, rises: 0.5 })
  })
})
