/** Everything a user can write has its words in docs/reference/. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { POD_KEYS } from '../../../agent/policy/pod-keys.ts'
import { SOURCE_KINDS } from '../../../agent/policy/secrets/source.ts'
import { POLICY_KEYS } from '../../../agent/policy/strength/policy-table.ts'
import { KERNEL_CONTROL } from '../../../agent/policy/types.ts'

const page = (name: string) => readFileSync(new URL(`../../../docs/reference/${name}`, import.meta.url), 'utf8')

test('every annotation has a row in docs/reference/annotations.md', () => {
  const first = [...page('annotations.md').matchAll(/^\| ([^|]*`[^|]*) \|/gm)].map(([, cell = '']) => cell).join(' ')
  const words = new Set([...first.matchAll(/`(?:kernelseal\.io\/)?([a-z-]+)`/g)].map(([, word]) => word))
  for (const key of POD_KEYS) assert.ok(words.has(key), `\`${key}\` has none`)
})

test('every key of the policy, kind of source and part of the kernel is in docs/reference/config.md', () => {
  const text = page('config.md')
  for (const key of POLICY_KEYS) assert.ok(new RegExp(`^  ${key}: `, 'm').test(text), `\`${key}\` has no line`)
  for (const kind of SOURCE_KINDS) assert.ok(new RegExp(`^\\| \`(?:\\{ )?${kind}: `, 'm').test(text), kind)
  for (const part of KERNEL_CONTROL) assert.ok(text.includes(`| \`${part}\` |`), part)
})
