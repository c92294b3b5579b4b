/** docs/operate/neighbours.md says of each neighbour whether it was run, and by which test. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'

const ROOT = join(import.meta.dirname, '../../../..')
const manifests = readdirSync(join(ROOT, 'test/fixtures/manifests')).map((name) => name.slice(0, 2))
const rows = readFileSync(join(ROOT, 'docs/operate/neighbours.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| (?!Neighbour \|)/.test(line))
  .map((line) => line.split(/ ?\| ?/).filter((cell, index) => index > 0 && cell !== ''))

/** Unrun, or the chain, or manifests by their numbers, or a file. */
function assertSeen(cell: string): void {
  if (cell === 'unrun') return
  const test = /^run: (.*)$/.exec(cell)?.[1]
  assert.ok(test, `\`${cell}\` is neither \`unrun\` nor \`run: …\``)
  if (test.startsWith('manifest ')) {
    for (const number of test.slice('manifest '.length).split(', ')) assert.ok(manifests.includes(number), number)
  } else assert.ok(existsSync(join(ROOT, test.replace(/^chain.*/, 'test/cluster/neighbours.test.ts'))), test)
}

describe('the page of neighbours', () => {
  it('has a row for each of those that people ask about', () => {
    const page = rows.flat().join('\n')
    for (const name of [
      'EKS',
      'Azure',
      'Vault',
      'Istio',
      'Linkerd',
      'Dapr',
      'Knative',
      'Argo',
      'Tekton',
      'Kyverno',
      'Gatekeeper',
    ])
      assert.ok(page.includes(name), name)
    for (const name of ['cluster-autoscaler', 'ResourceQuota', 'Fargate', 'Autopilot', 'OpenShift', 'Argo CD'])
      assert.ok(page.includes(name), name)
  })

  for (const row of rows) it(`says how ${row[0]} was seen`, () => assertSeen(row.at(-1) ?? ''))
})
