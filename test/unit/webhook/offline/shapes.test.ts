/** Every manifest of test/fixtures/manifests through `lint`, `explain`, `inject` and `uninject`. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readFiles, surroundingsOf } from '../../../../agent/cli/manifests.ts'
import { explain, explanationText } from '../../../../webhook/offline/explain.ts'
import { decideManifests, injectFile, rewritePods } from '../../../../webhook/offline/inject-manifests.ts'
import { lintManifests } from '../../../../webhook/offline/lint/lint.ts'
import { uninjectPod } from '../../../../webhook/offline/uninject-pod.ts'
import { SHAPES, type Shape } from './shapes.ts'

const MANIFESTS = fileURLToPath(new URL('../../../fixtures/manifests/', import.meta.url))
const names = readdirSync(MANIFESTS)
const nameOf = (file: string) => file.replace(/\.(yaml|json)$/, '')

function read(file: string, { kubernetes }: Pick<Shape, 'kubernetes'>) {
  const files = readFiles([MANIFESTS + file])
  const surroundings = surroundingsOf(files, kubernetes === undefined ? {} : { kubernetes })
  return { files, surroundings, decided: decideManifests(files, surroundings) }
}

/** Each expectation meets a finding of its own. */
function assertFindings(found: readonly string[], expected: readonly RegExp[] = []): void {
  const left = [...found]
  for (const pattern of expected) {
    const index = left.findIndex((text) => pattern.test(text))
    assert.notEqual(index, -1, `nothing says ${pattern}:\n${found.join('\n')}`)
    left.splice(index, 1)
  }
  assert.deepEqual(left, [], 'more is said than expected')
}

describe('a manifest that people have', () => {
  it('stands in the table, and each row of the table is one', () => {
    assert.deepEqual(names.map(nameOf).toSorted(), Object.keys(SHAPES).toSorted())
  })

  for (const file of names) {
    const shape = SHAPES[nameOf(file)] ?? { reasons: [] }
    const { files, surroundings, decided } = read(file, shape)

    it(`${nameOf(file)} is decided and commented as it should`, () => {
      assert.deepEqual(
        decided.map(({ outcome }) => outcome.reason),
        shape.reasons,
      )
      const findings = lintManifests(files, decided)
      const textsOf = (severity: string) => findings.filter((one) => one.severity === severity).map(({ text }) => text)
      assertFindings(textsOf('error'), shape.errors)
      assertFindings(textsOf('warning'), shape.warnings)
    })

    it(`${nameOf(file)} is explained, and taken back when it was injected`, () => {
      for (const one of decided)
        assert.ok(explanationText(explain(one, surroundings.cluster)).includes(one.place.title))
      for (const input of files) {
        const injected = injectFile(input, surroundings)
        assert.equal(injected.length, input.objects.length)
        for (const object of injected) rewritePods(object, ({ pod }) => uninjectPod(pod))
      }
    })
  }

  it('is told from another by its text alone: no fixture stands there twice', () => {
    const texts = names.map((file) => readFileSync(MANIFESTS + file, 'utf8'))
    assert.equal(new Set(texts).size, names.length)
  })
})
