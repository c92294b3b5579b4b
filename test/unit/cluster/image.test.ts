/** Images made by hand, as scripts/cluster gives them to its node. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'

const PROGRAM = join(import.meta.dirname, '../../../scripts/cluster.d/image.ts')
const work = mkdtempSync(join(tmpdir(), 'image-test-'))
after(() => rmSync(work, { recursive: true }))

/** @returns the folder the archive unpacks to */
function image(name: string, folders: readonly string[], command: readonly string[]): string {
  const [file, layout] = [join(work, `${name}.tar`), join(work, name)]
  execFileSync(process.execPath, [PROGRAM, file, `localhost/${name}:1`, ...folders, '--', ...command])
  mkdirSync(layout)
  execFileSync('tar', ['-xf', file, '-C', layout])
  return layout
}

function folder(name: string, content: string): string {
  const path = join(work, name)
  mkdirSync(path)
  writeFileSync(join(path, 'file'), content)
  return path
}

const blob = (layout: string, digest: string): Buffer => readFileSync(join(layout, 'blobs', ...digest.split(':')))
const read = (layout: string, digest: string) => JSON.parse(blob(layout, digest).toString())

describe('an image made by hand', () => {
  const [base, own] = [folder('base', 'base'), folder('own', 'own')]
  const layout = image('first', [base, own], ['/bin/sh', '-c', 'echo "it\'s"'])
  const [entry] = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests
  const manifest = read(layout, entry.digest)
  const config = read(layout, manifest.config.digest)

  it('names its content by digests that are right', () => {
    for (const name of readdirSync(join(layout, 'blobs/sha256'))) {
      assert.equal(
        createHash('sha256')
          .update(blob(layout, `sha256:${name}`))
          .digest('hex'),
        name,
      )
    }
    for (const { digest, size } of [entry, manifest.config, ...manifest.layers]) {
      assert.equal(blob(layout, digest).length, size)
    }
  })

  it('has a layer a folder, in their order, and the command as it was given', () => {
    const files = manifest.layers.map(({ digest }: { digest: string }) =>
      execFileSync('tar', ['-xOf', '-', './file'], { input: blob(layout, digest) }).toString(),
    )
    assert.deepEqual(files, ['base', 'own'])
    assert.deepEqual(config.config.Entrypoint, ['/bin/sh', '-c', 'echo "it\'s"'])
    assert.equal(entry.annotations['io.containerd.image.name'], 'localhost/first:1')
  })

  it('shares the layer of a folder with every other image that has it, whenever its files were written', () => {
    utimesSync(join(base, 'file'), 1, 1)
    const other = image('second', [base], ['/bin/sh'])
    assert.deepEqual(blob(other, manifest.layers[0].digest), blob(layout, manifest.layers[0].digest))
  })
})
