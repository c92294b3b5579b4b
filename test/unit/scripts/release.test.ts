/** The parts of scripts/release that need no image. The whole of it: test/release. */
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { withImages } from '../../../scripts/release.d/manifests.ts'
import { notesOf } from '../../../scripts/release.d/notes.ts'
import { disagreeing, PLACES, setVersion } from '../../../scripts/release.d/version.ts'
import { build } from '../../support/kustomize.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const VERSION: string = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version

describe('the version', () => {
  it('is the same in all files', () => assert.deepEqual(disagreeing(ROOT, VERSION), []))

  it('stands in each of the places, and is set in all of them', () => {
    const copy = mkdtempSync(join(tmpdir(), 'kernelseal-version-'))
    const files = new Set(PLACES.map(({ file }) => file).filter((file) => existsSync(join(ROOT, file))))
    for (const file of files) cpSync(join(ROOT, file), join(copy, file), { recursive: true })
    const before = new Set(disagreeing(copy, '9.8.7-rc.1').map((line) => line.split(':')[0]))
    assert.deepEqual([...before].sort(), [...files].sort())
    setVersion(copy, '9.8.7-rc.1')
    assert.deepEqual(disagreeing(copy, '9.8.7-rc.1'), [])
    assert.deepEqual(disagreeing(copy, VERSION).length > 0, true)
    rmSync(copy, { recursive: true })
  })

  it('stands in no other file that a release is made of', () => {
    const known = new Set(PLACES.map(({ file }) => file))
    const files = ['deploy', 'agent', 'webhook', 'scripts'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
    )
    const naming = [...files, 'README.md'].filter(
      (file) =>
        !known.has(file) &&
        !file.includes('node_modules/') &&
        statSync(join(ROOT, file)).isFile() &&
        readFileSync(join(ROOT, file), 'utf8').includes(`:${VERSION}`),
    )
    assert.deepEqual(naming, [])
  })
})

describe('the notes', () => {
  const changelog =
    '# Changelog\n\n## Unreleased\n\n### Added\n- a\n\n## 0.2.0 - 2026-12-01\n\n- b\n\n## [0.1.0]\n\n- c\n'
  for (const [heading, part] of [
    ['Unreleased', '### Added\n- a'],
    ['0.2.0', '- b'],
    ['0.1.0', '- c'],
    ['0.2', undefined],
  ] as const) {
    it(`of ${heading}`, () => assert.equal(notesOf(changelog, heading), part))
  }
})

describe('the manifests', () => {
  const [agent, webhook] = ['registry.example/a@sha256:1', 'registry.example/w@sha256:2']

  it('name both images by digest, and are otherwise the overlay', () => {
    const overlay = build(join(ROOT, 'deploy/overlays/self-signed'))
    const made = withImages(overlay, agent, webhook)
    const text = JSON.stringify(made)
    assert.ok(!text.includes('kernelseal-agent:') && !text.includes('kernelseal-webhook:'), text)
    const back = text
      .replaceAll(agent, `kernelseal-agent:${VERSION}`)
      .replaceAll(webhook, `kernelseal-webhook:${VERSION}`)
    assert.deepEqual(JSON.parse(back), JSON.parse(JSON.stringify(overlay)))
  })
})
