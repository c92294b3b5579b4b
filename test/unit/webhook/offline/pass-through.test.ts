/** Documents that are not ours go through `inject` and `uninject` as they came, byte by byte. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { surroundingsOf } from '../../../../agent/cli/manifests.ts'
import { joined } from '../../../../webhook/offline/document-texts.ts'
import { piecesOf, printFile, readManifests } from '../../../../webhook/offline/documents.ts'
import { injectFile, rewritePods } from '../../../../webhook/offline/inject-manifests.ts'
import { uninjectPod } from '../../../../webhook/offline/uninject-pod.ts'

const SERVICE = `# ports of the shop\nkind: Service   # not ours\nmetadata: {name: s,  labels: {on: yes}}\n`
const POD = `kind: Pod\nmetadata: { name: p, annotations: { secret.kernelseal.io/T: secret/a/b } }\nspec: { containers: [{ name: p }] }\n`
const KNATIVE = `kind: Service\nspec: { template: { spec: { containers: [{ image: 'a:1' }] } } } # no name\n`

function injected(...texts: readonly string[]): string {
  const files = texts.map((text, index) => readManifests(text, `${index}.yaml`))
  const surroundings = surroundingsOf(files, {})
  return joined(files.flatMap((file) => printFile(file, injectFile(file, surroundings))))
}

describe('inject', () => {
  for (const [what, text] of [
    ['a Service with comments', SERVICE],
    ['a stream that begins with dashes', `---\n${SERVICE}---\n# only a comment\n---\n${KNATIVE}`],
    ['line ends of Windows', SERVICE.replaceAll('\n', '\r\n')],
    ['a file without a last line break', SERVICE.trimEnd()],
    ['a byte order mark', `\uFEFF${SERVICE}`],
    ['dashes inside of a text', `kind: ConfigMap\ndata:\n  a: |\n    ---\n    b\n---\n${KNATIVE}`],
    ['nothing at all', ''],
    ['a comment alone', '# nothing\n'],
  ] as const) {
    it(`gives back ${what}, byte by byte`, () => assert.equal(injected(text), text))
  }

  it('changes the one document that is ours, and no other byte', () => {
    const output = injected(`${SERVICE}---\n${POD}--- # dashes with words\n${KNATIVE}`)
    assert.ok(output.startsWith(`${SERVICE}---\nkind: Pod\n`))
    assert.ok(output.endsWith(`--- # dashes with words\n${KNATIVE}`))
    assert.match(output, /kernelseal-agent/)
  })

  it('puts dashes between files, and a line break where the first has none', () => {
    assert.equal(injected(SERVICE.trimEnd(), KNATIVE), `${SERVICE}---\n${KNATIVE}`)
  })

  it('writes anew what is split otherwise than by lines of dashes', () => {
    assert.match(injected(`%YAML 1.2\n---\n${SERVICE}`), /^kind: Service\nmetadata:\n/)
  })
})

describe('uninject', () => {
  const MANIFESTS = fileURLToPath(new URL('../../../fixtures/manifests/', import.meta.url))
  it('gives back manifests that were never injected, byte by byte', () => {
    for (const name of readdirSync(MANIFESTS).filter((file) => file.endsWith('.yaml'))) {
      const text = readFileSync(MANIFESTS + name, 'utf8')
      if (text.includes('kernelseal.io/status')) continue
      const file = readManifests(text, name)
      const objects = file.objects.map((object) => rewritePods(object, ({ pod }) => uninjectPod(pod)))
      // A byte order mark before JSON-like text, and single JSON documents, are written anew.
      if (piecesOf(file) !== undefined) assert.equal(joined(printFile(file, objects)), text, name)
    }
  })
})
