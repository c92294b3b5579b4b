/** Bound programs by their real paths, in a root directory of their own. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { followLinks } from '../../../agent/config/follow-links.ts'
import { loadAgentConfig } from '../../../agent/config/load.ts'
import { parseConfig } from '../../../agent/policy/parse.ts'
import { temporaryFolder } from '../temporary.ts'

const root = temporaryFolder('links')
mkdirSync(join(root, 'usr/bin'), { recursive: true })
mkdirSync(join(root, 'etc/alternatives'), { recursive: true })
writeFileSync(join(root, 'usr/bin/python3.11'), '')
const links = {
  bin: 'usr/bin',
  'usr/bin/python3': 'python3.11',
  'usr/bin/python': '/etc/alternatives/python',
  'etc/alternatives/python': '/usr/bin/python3',
  'usr/bin/up': '../../usr/bin/../bin/python3',
  'usr/bin/beyond': '../../../../../usr/bin/python3.11',
  'usr/bin/loop': 'loop',
}
for (const [name, target] of Object.entries(links)) symlinkSync(target, join(root, name))

describe('the path of a program', () => {
  for (const [path, real] of [
    ['/usr/bin/python3.11', '/usr/bin/python3.11'],
    ['/bin/python3', '/usr/bin/python3.11'],
    ['/usr/bin/python', '/usr/bin/python3.11'],
    ['/usr/bin/up', '/usr/bin/python3.11'],
    ['/usr/bin/beyond', '/usr/bin/python3.11'],
    ['/usr/bin/loop', '/usr/bin/loop'],
    ['/usr/bin/missing', '/usr/bin/missing'],
    ['/bin/missing', '/usr/bin/missing'],
  ] as const) {
    it(`\`${path}\` is followed to \`${real}\`, within its root directory`, () => {
      assert.equal(followLinks(path, root), real)
    })
  }

  it('is the one that realpath(1) finds on this machine', () => {
    for (const path of ['/bin/sh', '/usr/bin/python3', '/usr/bin/env']) {
      assert.equal(followLinks(path), spawnSync('realpath', [path], { encoding: 'utf8' }).stdout.trim())
    }
  })
})

describe('the configuration of a host', () => {
  process.env.KERNELSEAL_STATE_DIR = root
  const load = (...binaries: string[]) => {
    const secrets = binaries.map((name, i) => ({
      name: `b${i}`,
      selector: { binary: join(root, name) },
      secretRefs: [{ name: 'TOKEN', source: { envRef: 'T' } }],
    }))
    writeFileSync(join(root, 'config.yaml'), JSON.stringify({ version: 'v1', secrets }))
    return loadAgentConfig({ config: join(root, 'config.yaml') })
  }

  it('binds the file behind a link, and says so', () => {
    const { config, followed } = load('usr/bin/python3')
    assert.equal(config.secrets[0]?.selector.binary, join(root, 'usr/bin/python3.11'))
    assert.deepEqual(followed, [
      `\`${root}/usr/bin/python3\` is a link: the program is \`${root}/usr/bin/python3.11\`, which is bound`,
    ])
    assert.deepEqual(load('usr/bin/python3.11').followed, [])
  })

  it('with two paths of one program for one variable is refused', () => {
    assert.throws(() => load('usr/bin/python3', 'usr/bin/python3.11'), /`TOKEN` is also bound by binding `b0`/)
  })
})

it('where the files are not to be seen, a well-known link is a warning', () => {
  const warned = (binary: string) => {
    const refs = [{ name: 'TOKEN', source: { envRef: 'T' } }]
    const text = JSON.stringify({ version: 'v1', secrets: [{ name: 'a', selector: { binary }, secretRefs: refs }] })
    return parseConfig(text, 'c').warnings.map(({ path, hint }) => `${path}: ${hint}`)
  }
  const warning = 'secrets[0].selector.binary: give what `readlink -f` prints for it where the program runs'
  for (const path of [
    '/bin/app',
    '/usr/bin/python3',
    '/usr/local/bin/python',
    '/usr/bin/redis-server',
    '/usr/bin/java',
  ])
    assert.deepEqual(warned(path), [warning], path)
  for (const path of ['/usr/bin/app', '/usr/bin/python3.11', '/opt/bin/java', '/usr/sbin/nginx'])
    assert.deepEqual(warned(path), [], path)
})
