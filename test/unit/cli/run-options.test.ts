import assert from 'node:assert/strict'
import { it } from 'node:test'
import { metricsHost } from '../../../agent/cli/run-options.ts'

it('metrics are listened for at every address of a Pod, and on a host at the loopback address unless an option says', () => {
  assert.equal(metricsHost({}, { host: false }), '')
  assert.equal(metricsHost({}, { host: true }), '127.0.0.1')
  assert.equal(metricsHost({ 'metrics-host': '' }, { host: true }), '')
  assert.equal(metricsHost({ 'metrics-host': '::1' }, { host: true }), '::1')
  assert.throws(() => metricsHost({ 'metrics-host': 'eth0' }, { host: true }), /--metrics-host is an IP address/)
})
