/** Kinds of other projects that our manifests have objects of, for a server that is to check these. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { call, kubectl, REPOSITORY, until } from './cluster.ts'

/** File of test/fixtures/cluster → a resource that is served once its definitions are taken in. */
const SERVED = {
  'cert-manager-crds.yaml': '/apis/cert-manager.io/v1/certificates',
  'prometheus-operator-crds.yaml': '/apis/monitoring.coreos.com/v1/prometheusrules',
}
export type Definitions = keyof typeof SERVED

const pathOf = (name: Definitions): string => join(REPOSITORY, 'test/fixtures/cluster', name)

export async function define(names: readonly Definitions[]): Promise<void> {
  for (const name of names) {
    const ran = await kubectl(['apply', '-f', pathOf(name)])
    assert.equal(ran.status, 0, ran.stderr)
    await until(`the resources of ${name} are served`, async () => (await call('GET', SERVED[name])).status === 200)
  }
}

export async function undefine(names: readonly Definitions[]): Promise<void> {
  for (const name of names) await kubectl(['delete', '-f', pathOf(name)])
}
