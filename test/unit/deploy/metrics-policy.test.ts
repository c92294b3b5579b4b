/** The example NetworkPolicy for agents' metrics: it takes one port away, and no other. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { load } from 'js-yaml'
import { DEFAULT_METRICS_PORT } from '../../../agent/policy/sidecar.ts'

interface Port {
  readonly protocol: string
  readonly port?: number
  readonly endPort?: number
}

const FILE = join(import.meta.dirname, '../../../deploy/examples/metrics-policy.yaml')
const { spec } = load(readFileSync(FILE, 'utf8')) as {
  readonly spec: { readonly ingress: { readonly ports: Port[]; readonly from?: object[] }[] }
}

/** As networking.k8s.io/v1 has it: without `port` all of a protocol, without `from` every client. */
const isOpen = (protocol: string, port: number, toAll: boolean): boolean =>
  spec.ingress
    .filter(({ from }) => (from === undefined) === toAll)
    .flatMap(({ ports }) => ports)
    .some((one) => {
      const { port: first = 1, endPort: last = one.port ?? 65_535 } = one
      return one.protocol === protocol && first <= port && port <= last
    })

it('leaves every port to every client but the agent’s, which some have', () => {
  for (const protocol of ['TCP', 'UDP', 'SCTP'])
    for (let port = 1; port <= 65_535; port++)
      assert.equal(
        isOpen(protocol, port, true),
        protocol !== 'TCP' || port !== DEFAULT_METRICS_PORT,
        `${protocol} ${port}`,
      )
  assert.ok(isOpen('TCP', DEFAULT_METRICS_PORT, false))
})
