/** Values on real files, byte for byte, and the refused ones. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parseConfig } from '../../../agent/policy/parse.ts'
import { DEFAULT_CAPACITY } from '../../../agent/policy/secrets/placeholder.ts'
import type { Config, Source } from '../../../agent/policy/types.ts'
import { openEnv } from '../../../agent/sources/env.ts'
import { resolveAll } from '../../../agent/sources/resolve.ts'
import { openSources } from '../../../agent/sources/sources.ts'

const folder = mkdtempSync(join(tmpdir(), 'kernelseal-sources-'))
process.env.KERNELSEAL_SECRETS_DIR = folder
after(() => rmSync(folder, { recursive: true }))

function written(content: string | Buffer): string {
  const path = join(folder, `file-${Math.random().toString(36).slice(2)}`)
  writeFileSync(path, content)
  return path
}

const configOf = (sources: Record<string, Source>): Config => {
  const { config } = parseConfig('version: v1', 'test')
  const secretRefs = Object.entries(sources).map(([name, source]) => ({ name, source, capacity: DEFAULT_CAPACITY }))
  return { ...config, secrets: [{ name: 'db', selector: { lineage: 'workload', children: 'scrub' }, secretRefs }] }
}

const resolved = async (source: Source): Promise<Buffer | undefined> =>
  (await resolveAll(configOf({ A: source }), openSources()))[0]?.bytes

const file = (content: string | Buffer): Source => ({ kind: 'fileRef', path: written(content) })

test('a file is a value byte for byte, its trailing newline and invalid UTF-8 included', async () => {
  const bytes = Buffer.from([0xff, 0xfe, 0x20, 0x0d, 0x0a])
  assert.deepEqual(await resolved(file(bytes)), bytes)
})

test('with trim: true the line breaks at the end are no part of the value, and other bytes are', async () => {
  assert.equal(String(await resolved({ ...file(' a\nb \r\n\n'), trim: true })), ' a\nb ')
})

test('trim: true is read from a configuration', () => {
  const text = 'secrets: [{name: a, secretRefs: [{name: T, source: {fileRef: /f, trim: true}}]}]'
  const { config } = parseConfig(text, 'c')
  assert.deepEqual(config.secrets[0]?.secretRefs[0]?.source, { kind: 'fileRef', path: '/f', trim: true })
})

const refusals: readonly [what: string, source: () => Source, message: RegExp][] = [
  ['an empty file', () => file(''), /binding `db`, variable `A`: fileRef of `A`: the value is empty/],
  ['a file that trim leaves nothing of', () => ({ ...file('\n'), trim: true }), /the value is empty/],
  ['a NUL byte', () => file('a\0b'), /variable `A`: .*the value contains a NUL byte/],
  ['a value longer than its placeholder', () => file('x'.repeat(257)), /has 257 bytes, its placeholder 256; set/],
  ['a file of 1 MB', () => file('x'.repeat(1_000_000)), /it has 1000000 bytes; a secret has at most 65536/],
  ['a directory', () => ({ kind: 'fileRef', path: folder }), /not a regular file; name the file, not its directory/],
  ['a file that is not there', () => ({ kind: 'fileRef', path: '/nowhere' }), /`\/nowhere`: there is no such file/],
  ['a Vault unknown to the agent', () => ({ kind: 'vaultRef', path: 'app', key: 'k' }), /the agent knows no Vault/],
  ['a variable the agent lacks', () => ({ kind: 'envRef', name: 'NOBODY_HAS_ME' }), /the agent has no such variable/],
]
for (const [what, source, message] of refusals) {
  test(`${what} is refused, and the error names binding, variable and source`, async () => {
    await assert.rejects(resolved(source()), message)
  })
}

test('a named pipe is refused and not waited for', async () => {
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  await assert.rejects(resolved({ kind: 'fileRef', path }), /not a regular file/)
})

test('a key of a Secret is looked for where Secrets are mounted, and nowhere else', async () => {
  mkdirSync(join(folder, 'login'))
  writeFileSync(join(folder, 'login', 'password'), 'pw\n')
  assert.equal(String(await resolved({ kind: 'secretKeyRef', name: 'login', key: 'password' })), 'pw\n')
  const token: Source = { kind: 'secretKeyRef', name: 'kubernetes.io', key: 'token' }
  await assert.rejects(
    resolved(token),
    new RegExp(`secretKeyRef \`kubernetes.io/token\` in \`${folder}\`: there is no`),
  )
})

test('an empty key of a Secret is an empty value, and so is a template of nothing else', async () => {
  mkdirSync(join(folder, 'chart'))
  writeFileSync(join(folder, 'chart', 'off'), '')
  const empty: Source = { kind: 'secretKeyRef', name: 'chart', key: 'off' }
  assert.deepEqual(await resolved(empty), Buffer.alloc(0))
  const both = await resolveAll(configOf({ A: empty, B: { kind: 'template', template: '$(A)' } }), openSources())
  assert.deepEqual(
    both.map(({ bytes }) => bytes.length),
    [0, 0],
  )
})

test('a variable of the agent is gone from its environment once it was read, and is known again', () => {
  const env = { SOURCE: 'value', OTHER: 'x' }
  const read = openEnv(env)
  assert.equal(String(read('SOURCE')), 'value')
  assert.deepEqual(env, { OTHER: 'x' })
  assert.equal(String(read('SOURCE')), 'value')
})

test('all failures are reported at once, and no value is in the report', async () => {
  const sources = { A: file(''), B: file('hunter2'), C: { kind: 'template', template: '$(A)-$(B)' } as Source }
  const failed = resolveAll(configOf(sources), openSources())
  await assert.rejects(failed, (error: Error) => {
    assert.equal(error.message.split('\n').length, 2)
    return !error.message.includes('hunter2')
  })
})
