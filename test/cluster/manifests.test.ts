/** Every shipped manifest, shown to a real API server under dry run, unknown fields being errors where it checks them. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { loadAll } from 'js-yaml'
import { call, kubectl, MINOR, makeNamespace, REPOSITORY, until } from '../support/cluster/cluster.ts'
import { type Definitions, define, undefine } from '../support/cluster/crds.ts'
import { apply, kustomized, SYSTEM } from '../support/cluster/installation.ts'
import { fits } from '../support/cluster/overlays.ts'
import { build } from '../support/kustomize.ts'

const OVERLAYS = join(REPOSITORY, 'deploy/overlays')
const NAMESPACES = [SYSTEM, 'shop', 'demo', 'kernelseal-doctor', 'kernelseal-unload']
/** Jobs for nodes, and the policy for Pods, below deploy/. */
const FOLDERS = ['doctor', 'unload', ...(MINOR >= 30 ? ['last-word', 'pod-policy'] : [])]
/** An overlay with the component beside it. */
const MONITORS = 'test/fixtures/kustomize/monitors'
const EXAMPLES = join(REPOSITORY, 'deploy/examples')
/** The first minor version that knows all fields of an example; the others are for every version. */
const SINCE: Readonly<Record<string, number>> = { 'metrics-policy.yaml': 22 }
/** The others are written in an API that this server does not have yet, or has no more. */
const fitting = readdirSync(OVERLAYS).filter((name) => fits(name, MINOR))
/** Of cert-manager only where an overlay with its objects fits. */
const FOREIGN: readonly Definitions[] =
  MINOR >= 30 ? ['prometheus-operator-crds.yaml', 'cert-manager-crds.yaml'] : ['prometheus-operator-crds.yaml']
/** Server-side field validation is on from 1.25; before, kubectl validates by itself. */
const STRICT = MINOR >= 25 ? ['--validate=strict'] : []

before(async () => {
  // A dry run stores nothing, so objects in a namespace need the namespace first.
  for (const name of NAMESPACES) await makeNamespace(name)
  await define(FOREIGN)
})
after(async () => {
  for (const name of NAMESPACES) await call('DELETE', `/api/v1/namespaces/${name}`)
  await undefine(FOREIGN)
  await until('its namespaces are gone', async () => (await call('GET', `/api/v1/namespaces/${SYSTEM}`)).status === 404)
})

for (const overlay of fitting) {
  describe(`kubectl apply --dry-run=server of deploy/overlays/${overlay}`, () => {
    it('accepts every object', async () => {
      const output = await apply(overlay, '--dry-run=server', ...STRICT)
      const objects = build(join(OVERLAYS, overlay))
      assert.equal(output.match(/\(server dry run\)/g)?.length, objects.length, output)
    })
  })
}

describe('kubectl kustomize', { skip: MINOR < 21 ? 'kubectl knows no components before 1.21' : false }, () => {
  const overlays = readdirSync(OVERLAYS).map((name) => `deploy/overlays/${name}`)
  for (const folder of [...overlays, MONITORS]) {
    it(`makes of ${folder} the same manifests as the unit tests`, async () => {
      const ran = await kubectl(['kustomize', join(REPOSITORY, folder)])
      assert.equal(ran.status, 0, ran.stderr)
      assert.deepEqual(sorted(loadAll(ran.stdout)), sorted(build(join(REPOSITORY, folder))))
    })
  }
})

describe('kubectl apply --dry-run=server beside the overlays', () => {
  it('accepts every object of deploy/components/monitors', async () => {
    const objects = build(join(REPOSITORY, MONITORS)).filter(({ apiVersion }) => apiVersion.startsWith('monitoring.'))
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
    const ran = await kubectl(['apply', '--dry-run=server', ...STRICT, '-f', '-'], list)
    assert.equal(ran.status, 0, ran.stderr)
    assert.equal(ran.stdout.match(/\(server dry run\)/g)?.length, 3, ran.stdout)
  })
  for (const folder of FOLDERS) {
    it(`accepts every object of deploy/${folder}`, async () => {
      const output = await kustomized('apply', `deploy/${folder}`, '--dry-run=server', ...STRICT)
      const objects = build(join(REPOSITORY, 'deploy', folder))
      assert.equal(output.match(/\(server dry run\)/g)?.length, objects.length, output)
    })
  }
})

describe('kubectl apply --dry-run=server of deploy/examples', () => {
  for (const file of readdirSync(EXAMPLES)) {
    it(`accepts ${file}`, {
      skip: MINOR < (SINCE[file] ?? 0) ? 'a NetworkPolicy has no endPort before 1.22' : false,
    }, async () => {
      const ran = await kubectl(['apply', '--dry-run=server', ...STRICT, '-f', join(EXAMPLES, file)])
      assert.equal(ran.status, 0, ran.stderr)
      const documents = readFileSync(join(EXAMPLES, file), 'utf8').match(/^kind:/gm) ?? []
      assert.equal(ran.stdout.match(/\(server dry run\)/g)?.length, documents.length)
    })
  }
})

const sorted = (objects: readonly unknown[]): string[] =>
  objects.map((object) => JSON.stringify(ordered(object))).sort()

/** With its members in alphabetical order, all the way down. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, ordered(inner)])
      .sort(),
  )
}
