import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { packagesOf, reached } from '../imports.ts'

const ROOT = join(import.meta.dirname, '../../..')
const dockerfile = (name: string) => readFileSync(join(ROOT, `Dockerfile.${name}`), 'utf8').replaceAll('\\\n', ' ')
const dependenciesOf = (workspace: string): string[] =>
  Object.keys(JSON.parse(readFileSync(join(ROOT, workspace, 'package.json'), 'utf8')).dependencies)

/** Sources of the COPY instructions that take from the repository. */
function copied(text: string): string[] {
  const lines = [...text.matchAll(/^COPY (?!--from)(.+)$/gm)].map(([, sources = '']) => sources.trim().split(/\s+/))
  return lines.flatMap((words) => words.slice(0, -1))
}

for (const name of ['agent', 'webhook']) {
  describe(`Dockerfile.${name}`, () => {
    const text = dockerfile(name)

    it('copies only existing files, which .dockerignore lets through', () => {
      const allowed = readFileSync(join(ROOT, '.dockerignore'), 'utf8').match(/(?<=^!).+$/gm) ?? []
      for (const source of copied(text)) {
        assert.ok(existsSync(join(ROOT, source)), source)
        assert.ok(
          allowed.some((path) => `${source}/`.startsWith(`${path}/`)),
          `${source} is kept from the builder`,
        )
      }
    })

    it('installs the packages that its files import, and no others', () => {
      assert.match(text, new RegExp(`install-packages ${name}$`, 'm'))
      const used = packagesOf(reached(`${name}/main.ts`)).filter((path) => !path.includes('/'))
      const known = dependenciesOf(name)
      assert.deepEqual(
        used.filter((path) => !known.includes(path)),
        [],
      )
    })

    it('ends on an image without a shell, described by OCI labels', () => {
      const last = text.slice(text.lastIndexOf('\nFROM '))
      assert.match(last, /^\nFROM scratch\n/)
      assert.doesNotMatch(last, /^RUN /m)
      for (const label of ['title', 'description', 'licenses', 'version', 'revision']) {
        assert.ok(last.includes(`org.opencontainers.image.${label}=`), label)
      }
    })
  })
}

it('the agent’s image has of the webhook only the imports of the offline commands', () => {
  const text = dockerfile('agent')
  const sources = copied(text.slice(text.indexOf(' AS files\n')))
  const files = sources.filter((source) => source.startsWith('webhook/')).flatMap(filesOf)
  const wanted = [...reached('agent/main.ts')].filter((file) => file.startsWith('webhook/'))
  assert.deepEqual(
    wanted.filter((file) => !files.includes(file)),
    [],
  )
  assert.deepEqual(
    files.filter((file) => /\.ts$/.test(file) && !wanted.includes(file)),
    TYPES_ONLY,
  )
})

/** Files of a copied folder that hold nothing but types: no file of the image imports them when it runs. */
const TYPES_ONLY: readonly string[] = []

const filesOf = (source: string): string[] =>
  source.endsWith('.json')
    ? [source]
    : readdirSync(join(ROOT, source), { recursive: true }).map((file) => `${source}/${file}`)
