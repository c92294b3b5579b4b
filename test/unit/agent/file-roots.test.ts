/** Files that a Pod's annotations name: read by root with DAC_OVERRIDE, in a PID namespace with every container's processes. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { loadAgentConfig } from '../../../agent/config/load.ts'
import { wrongFileRoot } from '../../../agent/policy/secrets/file-roots.ts'
import { openSources } from '../../../agent/sources/sources.ts'
import { loadSettings } from '../../../webhook/settings/load.ts'

const folder = mkdtempSync(join(tmpdir(), 'kernelseal-roots-'))
after(() => rmSync(folder, { recursive: true }))
const at = (...names: string[]) => join(folder, ...names)
mkdirSync(at('allowed'))
mkdirSync(at('other'))
writeFileSync(at('allowed', 'token'), 'mine')
writeFileSync(at('other', 'token'), "another's")
symlinkSync(at('other', 'token'), at('allowed', 'out'))
symlinkSync('token', at('allowed', 'inside'))
symlinkSync('/proc/self/root', at('allowed', 'root'))
symlinkSync(at('allowed'), at('link-to-allowed'))

const STATUS = { version: 'v1', nonce: '5e'.repeat(16), hash: '0'.repeat(64), containers: ['app'] }

function load(path: string, roots?: readonly string[]) {
  const bindings = [{ name: 'b', secretRefs: [{ name: 'TOKEN', source: { fileRef: path } }] }]
  const lines = Object.entries({ status: STATUS, bindings }).map(
    ([key, value]) => `kernelseal.io/${key}=${JSON.stringify(JSON.stringify(value))}`,
  )
  writeFileSync(at('annotations'), lines.join('\n'))
  return loadAgentConfig({ annotations: at('annotations'), ...(roots && { 'file-root': roots }) })
}

describe('an annotation that names a file', () => {
  for (const path of ['/proc/7/root/etc/shadow', '/proc/self/environ', '/run/kernelseal/vault/token', '/etc/passwd']) {
    it(`is refused where the agent was given no directory: ${path}`, () => {
      assert.throws(() => load(path), /`TOKEN` names `\/.*`, and may name files in no directory .*--file-root/)
    })
  }

  it('is refused outside the directory, beside one of a longer name, and for the directory itself', () => {
    for (const path of [at('other', 'token'), `${at('allowed')}-too/token`, at('allowed')]) {
      assert.throws(() => load(path, [at('allowed')]), /may name files below `/)
    }
  })

  it('is taken inside of it', () => {
    assert.equal(load(at('allowed', 'token'), [at('other'), at('allowed')]).config.secrets.length, 1)
  })

  it('cannot climb out by `..`', () => {
    assert.throws(() => load(`${at('allowed')}/../other/token`, [at('allowed')]), /is not in normal form/)
  })
})

describe('the file itself', () => {
  const read = async (path: string, roots?: readonly string[]) =>
    String(await openSources(undefined, roots).read({ kind: 'fileRef', path }))

  it('may be a link inside the directory, and the directory a link', async () => {
    assert.equal(await read(at('allowed', 'inside'), [at('allowed')]), 'mine')
    assert.equal(await read(at('link-to-allowed', 'token'), [at('link-to-allowed')]), 'mine')
  })

  it('may not be a link that leads out of it, by a file or by /proc', async () => {
    for (const path of [at('allowed', 'out'), at('allowed', 'root', folder, 'other', 'token')]) {
      assert.match(await read(path), /another's/, 'without directories the link is followed')
      await assert.rejects(read(path, [at('allowed')]), /leads out of the directories/)
    }
  })

  it('that is not there is named so', async () => {
    await assert.rejects(read(at('allowed', 'nothing'), [at('allowed')]), /there is no such file/)
    await assert.rejects(read(at('nowhere', 'token'), [at('nowhere')]), /there is no such file/)
  })
})

describe('a directory that the webhook is to open to annotations', () => {
  for (const root of ['/', '/proc', '/proc/1/root', '/run', '/run/kernelseal/vault', '/etc', '/sys/fs', '/var']) {
    it(`may not be ${root}`, () => assert.ok(wrongFileRoot(root)))
  }

  it('stands in its settings, as a path', () => {
    const settings = (roots: string) => loadSettings(['--agent-image', 'a', '--agent-file-roots', roots], {})
    assert.deepEqual(settings('/opt/secrets, /vault').agentFileRoots, ['/opt/secrets', '/vault'])
    assert.throws(() => settings('/opt, /proc/1'), /--agent-file-roots: would open `\/proc` to annotations/)
    assert.throws(() => settings('secrets'), /--agent-file-roots: `secrets` is not absolute/)
  })
})
