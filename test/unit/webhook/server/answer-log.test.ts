/** A stranger's words in a review make no long line of the log, and no error on the way there. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { createMetrics } from '../../../../webhook/server/metrics.ts'
import { buildServer } from '../../../../webhook/server/server.ts'
import { CLUSTER, NONCE, SETTINGS } from '../fixtures.ts'

let line = ''
const write = (fields: object): void => {
  line = JSON.stringify(fields)
}
const { app } = buildServer({
  settings: SETTINGS,
  metrics: createMetrics(),
  log: { debug: write, info: write, warn: write, error: write },
  nonce: () => NONCE,
  cluster: CLUSTER,
  ready: () => true,
})
after(() => app.close())

const LONG = 'n'.repeat(1 << 20)
/** Refused, since the mode is none. */
const POD = { metadata: { annotations: { 'kernelseal.io/mode': 'none' } }, spec: { containers: [{ name: 'app' }] } }

function ask(request: object) {
  const kind = { group: '', version: 'v1', kind: 'Pod' }
  const asked = { uid: 'u', kind, operation: 'CREATE', namespace: 'shop', object: POD, ...request }
  const payload = { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request: asked }
  return app.inject({ method: 'POST', url: '/mutate', payload })
}

const named = (metadata: object) => ({ object: { ...POD, metadata: { ...POD.metadata, ...metadata } } })

describe('the log of a review', () => {
  for (const [what, request] of Object.entries({
    'a uid of a megabyte': { uid: LONG },
    'a namespace of a megabyte': { namespace: LONG },
    'a name of a megabyte': { name: LONG },
    'a Pod named by a megabyte': named({ name: LONG }),
    'a Pod with a prefix of a megabyte': named({ generateName: LONG }),
    'a Pod named by an object that is no text': named({ name: { long: LONG } }),
    'a prefix that cannot be made text': named({ generateName: { toString: 1, valueOf: 1 } }),
    'a mode of a megabyte': named({ annotations: { 'kernelseal.io/mode': LONG } }),
  })) {
    it(`is short, and there is an answer: ${what}`, async () => {
      line = ''
      const { statusCode, body } = await ask(request)
      assert.equal(statusCode, 200)
      assert.match(body, /"allowed":false/)
      assert.match(line, /"outcome":"deny"/)
      assert.ok(line.length < 12_000, `${line.length} characters`)
    })
  }
})
