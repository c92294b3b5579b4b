/** scripts/release on the last commit, twice: minutes, since it builds both images. `npm run test:release`. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { loadAll } from 'js-yaml'
import { wrongInBill } from '../support/cyclonedx.ts'
import { run } from '../support/run.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const VERSION = '9.8.7'
const folder = mkdtempSync(join(tmpdir(), 'kernelseal-release-'))
const [first, second] = [join(folder, 'first'), join(folder, 'second')]
const release = (...args: string[]) => run(join(REPOSITORY, 'scripts/release'), args)
const text = (file: string): string => readFileSync(join(first, file), 'utf8')
const sumOf = (file: string): string =>
  createHash('sha256')
    .update(readFileSync(join(first, file)))
    .digest('hex')

before(() => {
  for (const output of [first, second]) {
    const { status, stderr } = release(VERSION, '--dry-run', '--output', output)
    assert.equal(status, 0, stderr)
  }
})
after(() => rmSync(folder, { recursive: true }))

describe('a release', () => {
  it('has these files, and their sums', () => {
    const cli = `kernelseal-cli-${VERSION}-linux-${process.arch === 'x64' ? 'amd64' : 'arm64'}.tgz`
    const files = ['install-cert-manager.yaml', 'install.yaml', cli, `kernelseal-${VERSION}.tgz`, 'notes.md']
    const all = [...files, 'sbom-agent.cdx.json', 'sbom-webhook.cdx.json']
    assert.deepEqual(readdirSync(first).sort(), ['SHA256SUMS', ...all].sort())
    const sums = text('SHA256SUMS')
      .trim()
      .split('\n')
      .map((line) => line.split(/ +/))
    assert.deepEqual(sums.map(([, file]) => file).sort(), [...all].sort())
    for (const [sum, file] of sums) assert.equal(sum, sumOf(file!), file)
  })

  it('is made a second time with the same bytes', () => {
    for (const file of readdirSync(first)) {
      assert.ok(readFileSync(join(first, file)).equals(readFileSync(join(second, file))), file)
    }
  })

  it('installs both images by digest', () => {
    for (const file of ['install.yaml', 'install-cert-manager.yaml']) {
      const images = text(file).match(/kernelseal-(agent|webhook)[:@]\S+/g) ?? []
      assert.ok(images.length >= 2, file)
      for (const image of images) assert.match(image, new RegExp(`:${VERSION}@sha256:[0-9a-f]{64}"?$`))
      assert.ok(loadAll(text(file)).length > 10)
    }
  })

  it('has bills of materials of this version that are valid', () => {
    for (const name of ['agent', 'webhook']) {
      const bill = JSON.parse(text(`sbom-${name}.cdx.json`))
      assert.deepEqual(wrongInBill(bill), [])
      assert.equal(bill.metadata.component.version, VERSION)
    }
  })

  it('has a command line that works where it is unpacked', () => {
    const archive = readdirSync(first).find((file) => file.startsWith('kernelseal-cli-'))!
    assert.equal(run('tar', ['-xzf', join(first, archive), '-C', folder]).status, 0)
    const kernelseal = join(folder, `kernelseal-${VERSION}`, 'agent/kernelseal')
    const env = { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env.PATH}` }
    const version = run(kernelseal, ['version', '--json'], { env })
    assert.equal(JSON.parse(version.stdout).version, VERSION)
    const lint = run(kernelseal, ['lint', '-f', join(REPOSITORY, 'deploy/examples')], { env })
    assert.equal(lint.status, 0, lint.stderr)
  })
})

describe('a release that cannot be', () => {
  for (const [why, args, status] of [
    ['without a version', [], 2],
    ['of no version', ['v1', '--dry-run'], 2],
    ['with an image by tag', ['0.2.0', '--agent-image', 'a:1', '--webhook-image', 'b:1'], 2],
    ['into a folder that is there', ['0.2.0', '--dry-run', '--output', folder], 2],
  ] as const) {
    it(`${why}: ${status}`, () => {
      const result = release(...args)
      assert.equal(result.status, status)
      assert.match(result.stderr, /^error: /)
    })
  }
})
