/** Files that no person means to give, and that a folder or a pipeline gives all the same. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { readManifests } from '../../../../webhook/offline/documents.ts'
import { locate } from '../../../../webhook/offline/lint/coordinates.ts'
import { kernelseal } from '../../../support/agent/in-process.ts'

const MAIN = join(import.meta.dirname, '../../../../agent/main.ts')
const directory = mkdtempSync(join(tmpdir(), 'kernelseal-hostile-'))
after(() => rmSync(directory, { recursive: true }))

const POD = 'kind: Pod\nmetadata: { name: p }\nspec: { containers: [{ name: a, image: b }] }\n'
const BAD = POD.replace('name: p', 'name: p, annotations: { secret.kernelseal.io/T: hunter2 }')

function folder(name: string, files: Readonly<Record<string, string | Buffer>>): string {
  const path = join(directory, name)
  mkdirSync(path, { recursive: true })
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text)
  return path
}

/** With an end: where a pipe or a device were opened after all, this process would stand still. */
function started(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    timeout: 120_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { status, stdout, stderr }
}

describe('`lint -R` of a folder', () => {
  it('ends where links lead back up, and takes pipes and folders for no manifests', () => {
    const path = folder('odd', { 'ok.yaml': POD })
    mkdirSync(join(path, 'dir.yaml'))
    for (const name of ['self', 'again', 'more']) symlinkSync('.', join(path, name))
    symlinkSync('..', join(path, 'dir.yaml/up'))
    assert.equal(spawnSync('mkfifo', [join(path, 'pipe.yaml')]).status, 0)
    const { status, stdout } = started('lint', '-R', '-f', path)
    assert.deepEqual([status, stdout], [0, '1 Pod, 0 Secrets in 1 file: 0 errors, 0 warnings\n'])
  })

  it('reads config files of the agent, and passes over others without a kind', async () => {
    const config = 'version: v1\npolicy: { mod: audit }\n'
    const values = {
      'values.yaml': 'image: { tag: x }\n',
      'package.json': '{ "version": "1.0.0" }',
      'list.yaml': '- a\n',
    }
    const path = folder('others', { ...values, 'agent.yaml': config })
    const { stdout } = await kernelseal('lint', '-f', path)
    assert.match(stdout, /agent\.yaml:2:\d+: error: policy\.mod: unknown key/)
    assert.doesNotMatch(stdout, /(values|package|list)\./)
    assert.match(
      (await kernelseal('lint', '-f', join(path, 'values.yaml'))).stdout,
      /values\.yaml:1:1: error: image: unknown key/,
    )
  })

  it('says of a link to itself that it cannot be read', async () => {
    const path = folder('link', {})
    symlinkSync('a.yaml', join(path, 'a.yaml'))
    const { status, stderr } = await kernelseal('lint', '-f', path)
    assert.equal(status, 2)
    assert.match(stderr, /cannot read `\S+a\.yaml`: too many symbolic links.* \(ELOOP\)/)
  })

  it('names a file that is no YAML as one finding, and reads on', async () => {
    const path = folder('mixed', { 'a.yaml': 'kind: Pod\n{{ if x }}\n', 'b.yaml': BAD })
    const { status, stdout, stderr } = await kernelseal('lint', '-R', '-f', path)
    assert.deepEqual([status, stderr], [1, ''])
    assert.match(stdout, /a\.yaml:\d+:\d+: error: is not valid YAML: .*\(a template is rendered first: `helm template/)
    assert.match(stdout, /b\.yaml:2:\d+: error: Pod p: /)
    assert.match(stdout, /^1 Pod, 0 Secrets in 2 files: 2 errors, 0 warnings$/m)
    const sarif = JSON.parse((await kernelseal('lint', '-R', '-f', path, '-o', 'sarif')).stdout)
    assert.deepEqual(
      sarif.runs[0].results.map(({ ruleId }: { ruleId: string }) => ruleId),
      ['syntax', 'manifest'],
    )
  })
})

describe('a file', () => {
  const files = folder('files', {
    'latin1.yaml': Buffer.from(POD.replace('image: b', 'image: b\u00e9'), 'latin1'),
    'list-less.yaml': BAD.replace('[{ name: a, image: b }]', '{ a: b }'),
    'self.yaml': 'kind: List\nitems: &i\n- { kind: List, items: *i }\n',
    'laughs.yaml': `kind: Pod\nx0: &a0 [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 9 }, (_, n) => `x${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]\n`).join('')}`,
    'chain.yaml': `kind: Pod\nx0: &a0 [x]\n${Array.from({ length: 20_000 }, (_, n) => `x${n + 1}: &a${n + 1} [*a${n}]\n`).join('')}`,
  })

  for (const [name, message] of [
    ['latin1.yaml', /cannot read `\S+latin1\.yaml`: it is not text in UTF-8/],
    ['self.yaml', /self\.yaml: an alias stands inside of the value that it names/],
    ['laughs.yaml', /laughs\.yaml: has more than 2000000 keys and values/],
    ['chain.yaml', /chain\.yaml: nests more than 200 deep/],
    ['/dev/zero', /cannot read `\/dev\/zero`: it is a device/],
  ] as const) {
    it(`such as ${name} is refused with its reason by every command that reads manifests`, async () => {
      const [path, call] = name.startsWith('/') ? [name, started] : [join(files, name), kernelseal]
      for (const command of ['explain', 'inject', 'uninject']) {
        const { status, stdout, stderr } = await call(command, '-f', path)
        assert.deepEqual([status, stdout], [2, ''], stderr)
        assert.match(stderr, message)
        assert.doesNotMatch(stderr, /\n./)
      }
    })
  }
})

/** Milliseconds of this process's own work to find the places of the findings in a file of so many Pods. */
function millisecondsOf(count: number): number {
  const text = Array.from({ length: count }, (_, n) => BAD.replace('name: p', `name: p${n}`)).join('---\n')
  const file = readManifests(text, 'many.yaml')
  const findings = Array.from({ length: count }, (_, n) => {
    return { severity: 'error', where: 'many.yaml', object: `Pod p${n}`, text: 'secret.kernelseal.io/T: x' } as const
  })
  const before = process.cpuUsage().user
  const last = locate([file], findings).at(-1)
  assert.equal(last?.line, count * 4 - 2)
  return (process.cpuUsage().user - before) / 1000
}

describe('a selector that names a label of ours', () => {
  it('is no mistake', async () => {
    const selector = 'namespaceSelector: { matchLabels: { kernelseal.io/injection: enabled } }'
    const text = `kind: MutatingWebhookConfiguration\nmetadata: { name: w }\nwebhooks: [{ ${selector} }]\n`
    const { stdout } = await kernelseal('lint', '-f', join(folder('selector', { 'w.yaml': text }), 'w.yaml'))
    assert.match(stdout, /: 0 errors, 0 warnings$/m)
  })
})

describe('a Pod without a list of containers', () => {
  it('is an error, and not passed over', async () => {
    const { status, stdout } = await kernelseal('lint', '-f', join(directory, 'files', 'list-less.yaml'))
    assert.equal(status, 1)
    assert.match(
      stdout,
      /list-less\.yaml:\d+:\d+: error: Pod p: is no Pod that an API server takes: `spec\.containers`/,
    )
  })
})

describe('a file of many Pods', () => {
  it('has its places found in time by its length, not by the square of it', () => {
    millisecondsOf(500)
    const [short, long] = [millisecondsOf(500), millisecondsOf(4_000)]
    assert.ok(long < 24 * Math.max(short, 5), `${short} ms for 500 Pods, ${long} ms for 4,000`)
  })
})
