/** The Helm chart has the objects of the overlays, one by one. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { load } from 'js-yaml'
import { staleFiles, templateOf } from '../../../scripts/chart.d/main.ts'
import { CHART, comparable, HELM, rendered, VALUE_SETS, valuesOf, WITHOUT_HELM } from '../../support/helm.ts'
import { build, type Manifest } from '../../support/kustomize.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const key = ({ kind, metadata }: Manifest) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`

/** Object by object, so that a difference shows as one. */
function assertSame(chart: readonly Manifest[], overlay: readonly Manifest[]): void {
  assert.deepEqual(chart.map(key).sort(), overlay.map(key).sort())
  for (const object of overlay) {
    const other = chart.find((candidate) => key(candidate) === key(object))!
    assert.deepEqual(comparable(other), comparable(object), key(object))
  }
}

describe('the texts of the chart', () => {
  it('are those that the manifests and settings make', () => assert.deepEqual(staleFiles(), []))

  it('are not made where a place that a value changes is gone from the manifest', () => {
    const template = { from: 'x.yaml', edits: [{ find: 'replicas: 2', put: '' }] }
    assert.throws(() => templateOf(template, 'replicas: 3\n'), /x\.yaml has 0 times, not 1:\nreplicas: 2/)
    assert.throws(() => templateOf(template, 'replicas: 2\nreplicas: 2\n'), /has 2 times/)
  })

  it('leave the templates of Prometheus to Prometheus', () =>
    assert.match(templateOf({ from: 'x' }, 'at {{ $labels.way }}'), /\nat \{\{ "\{\{ \$labels\.way \}\}" \}\}$/))

  it('have the version of the product', () => {
    const chart = load(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as Record<string, string>
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    assert.deepEqual([chart.version, chart.appVersion], [version, version])
  })

  it('have a schema that takes the default values, and each set', () => {
    const matches = new Ajv({ strict: false }).compile(
      JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')),
    )
    for (const file of [join(CHART, 'values.yaml'), ...Object.keys(VALUE_SETS).map(valuesOf)])
      assert.ok(matches(load(readFileSync(file, 'utf8'))), `${file}: ${JSON.stringify(matches.errors)}`)
    assert.ok(!matches({ replica: 3 }) && !matches({ settings: { defaultMode: 'loud' } }))
  })

  it('have a set of values for each overlay', () => {
    const overlays = readdirSync(join(ROOT, 'deploy/overlays')).map((name) => `deploy/overlays/${name}`)
    assert.deepEqual(Object.values(VALUE_SETS).sort(), overlays.sort())
  })
})

/** The others are for 1.30 and up. */
const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes-1.20': ['1.20.2'],
  'kubernetes-1.21': ['1.21.0', '1.29.15'],
}

describe('helm template', { skip: WITHOUT_HELM }, () => {
  for (const [set, overlay] of Object.entries(VALUE_SETS)) {
    for (const version of VERSIONS[set] ?? ['1.30.0', '1.36.0'])
      it(`makes for ${version} the same objects of ci/${set}-values.yaml as kustomize of ${overlay}`, () =>
        assertSame(rendered('-f', valuesOf(set), '--kube-version', version), build(join(ROOT, overlay))))
  }

  it('makes the same objects of monitors as the component of kustomize', () => {
    const values = ['-f', valuesOf('self-signed'), '--set', 'monitors.enabled=true']
    assertSame(rendered(...values), build(join(ROOT, 'test/fixtures/kustomize/monitors')))
  })

  for (const [value, folder] of [
    ['podPolicy', 'deploy/pod-policy'],
    ['lastWord', 'deploy/last-word'],
  ] as const) {
    it(`makes the objects of ${folder} of ${value}`, () => {
      const without = new Set(rendered().map(key))
      const more = rendered('--set', `${value}.enabled=true`).filter((object) => !without.has(key(object)))
      assertSame(more, build(join(ROOT, folder)))
    })
  }

  it('never renders `caBundle`, which belongs to the maker of the certificate', () => {
    for (const mode of ['self-signed', 'cert-manager', 'existing'])
      assert.doesNotMatch(JSON.stringify(rendered('--set', `certificates.mode=${mode}`)), /"caBundle"/)
  })
})

describe('helm lint --strict', { skip: WITHOUT_HELM }, () => {
  for (const set of Object.keys(VALUE_SETS)) {
    it(`has nothing to say with ci/${set}-values.yaml`, () => {
      const { status, stdout } = spawnSync(HELM!, ['lint', '--strict', CHART, '-f', valuesOf(set)], {
        encoding: 'utf8',
      })
      assert.equal(status, 0, stdout)
      assert.doesNotMatch(stdout, /WARNING|ERROR/)
    })
  }
})
