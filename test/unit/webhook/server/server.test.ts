import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import { BODY_LIMIT, openBody } from '../../../../webhook/review/body.ts'
import { createMetrics } from '../../../../webhook/server/metrics.ts'
import { buildServer, openMetricsPort } from '../../../../webhook/server/server.ts'
import { CLUSTER, NONCE, patched, SETTINGS } from '../fixtures.ts'

const UID = '705ab4f5-6393-11e8-b7cc-42010a800002'
const POD = {
  metadata: { annotations: { 'secret.kernelseal.io/TOKEN': 'secret/api/token' } },
  spec: { containers: [{ name: 'app' }] },
}

interface Answer {
  apiVersion: string
  kind: string
  response: {
    uid: string
    allowed: boolean
    patch?: string
    patchType?: string
    status?: { code: number; reason: string; message: string }
    warnings?: string[]
    auditAnnotations: Record<string, string>
  }
}

let ready = true
const logged: [level: string, fields: Record<string, unknown>][] = []
const logAt = (level: string) => (fields: object) => void logged.push([level, fields as Record<string, unknown>])
const metrics = createMetrics()
const { app } = buildServer({
  settings: SETTINGS,
  metrics,
  log: { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') },
  nonce: () => NONCE,
  cluster: {
    ...CLUSTER,
    defaultMode: (namespace) => (namespace === 'boom' ? assert.fail('no such namespace') : 'audit'),
  },
  ready: () => ready,
})
after(() => app.close())

const review = (request: object = {}, envelope: object = {}) => ({
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  request: {
    uid: UID,
    kind: { group: '', version: 'v1', kind: 'Pod' },
    operation: 'CREATE',
    namespace: 'shop',
    object: POD,
    ...request,
  },
  ...envelope,
})

async function post(payload: string | Buffer | object) {
  const body = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload)
  return app.inject({ method: 'POST', url: '/mutate', headers: { 'content-type': 'application/json' }, payload: body })
}

async function answer(payload: string | Buffer | object): Promise<Answer> {
  const response = await post(payload)
  assert.equal(response.statusCode, 200, response.body)
  const parsed = response.json<Answer>()
  assert.equal(parsed.kind, 'AdmissionReview')
  assert.equal(parsed.response.uid, UID)
  return parsed
}

describe('POST /mutate', () => {
  it('answers a Pod with bindings by a patch that three appliers agree on', async () => {
    const { apiVersion, response } = await answer(review())
    assert.equal(apiVersion, 'admission.k8s.io/v1')
    assert.deepEqual([response.allowed, response.patchType], [true, 'JSONPatch'])
    assert.deepEqual(response.auditAnnotations, { outcome: 'inject', reason: 'injected' })
    const operations = JSON.parse(Buffer.from(response.patch!, 'base64').toString())
    const pod = patched(POD, operations) as { metadata: { annotations: Record<string, string> } }
    assert.equal(pod.metadata.annotations['kernelseal.io/mode'], 'audit')
  })

  it('says nothing to the audit log at a second pass that finds all done', async () => {
    const { response } = await answer(review())
    const object = patched(POD, JSON.parse(Buffer.from(response.patch!, 'base64').toString()))
    const again = await answer(review({ object }))
    assert.deepEqual([again.response.allowed, again.response.patch], [true, undefined])
    assert.equal(again.response.auditAnnotations, undefined)
  })

  it('never puts a nonce of one Pod or a secret into a log line', () => {
    assert.doesNotMatch(JSON.stringify(logged), /kernelseal:v1:|hunter2/)
  })

  it('answers v1beta1 in v1beta1', async () => {
    const { apiVersion, response } = await answer(review({}, { apiVersion: 'admission.k8s.io/v1beta1' }))
    assert.deepEqual([apiVersion, response.allowed], ['admission.k8s.io/v1beta1', true])
  })

  it('allows a Pod without bindings untouched', async () => {
    const { response } = await answer(review({ object: { metadata: {}, spec: { containers: [{ name: 'a' }] } } }))
    assert.deepEqual(
      [response.allowed, response.patch, response.auditAnnotations.reason],
      [true, undefined, 'no-bindings'],
    )
  })

  it('allows an opted-out Pod with a warning and an audit annotation', async () => {
    const metadata = { annotations: { ...POD.metadata.annotations, 'kernelseal.io/inject': 'false' } }
    const { response } = await answer(review({ object: { ...POD, metadata } }))
    assert.match(response.warnings![0]!, /NOT sealed/)
    assert.deepEqual(response.auditAnnotations, { outcome: 'skip', reason: 'opted-out' })
  })

  for (const request of [
    { operation: 'UPDATE' },
    { operation: 'DELETE', object: null },
    { subResource: 'ephemeralcontainers' },
  ]) {
    it(`leaves ${JSON.stringify(request)} alone`, async () => {
      const { response } = await answer(review(request))
      assert.deepEqual([response.allowed, response.auditAnnotations.reason], [true, 'not-a-creation'])
    })
  }

  it('cuts warnings to the API server’s limits', async () => {
    const annotations = Object.fromEntries(
      Array.from({ length: 60 }, (_, n) => [`kernelseal.io/${'x'.repeat(99)}${n}`, '']),
    )
    const { response } = await answer(review({ object: { metadata: { annotations }, spec: POD.spec } }))
    assert.ok(response.warnings!.every((text) => text.length <= 120))
    assert.ok(response.warnings!.reduce((sum, text) => sum + Buffer.byteLength(text), 0) <= 4096)
  })
})

describe('a request with a uid is always answered in the protocol', () => {
  const whole = JSON.stringify(review())
  const CASES: readonly [what: string, body: string | object, code: number, message: RegExp][] = [
    ['no object', review({ object: null }), 422, /not a well-formed Pod: is not an object/],
    [
      'an object that is no Pod',
      review({ object: { metadata: {}, spec: { containers: {} } } }),
      422,
      /`spec.containers` is not a list/,
    ],
    [
      'an annotation that is no text',
      review({ object: { metadata: { annotations: { a: 1 } }, spec: POD.spec } }),
      422,
      /`metadata.annotations\[a\]` is not text/,
    ],
    [
      'a container without a name',
      review({ object: { metadata: {}, spec: { containers: [{}] } } }),
      422,
      /`spec.containers\[0\]`/,
    ],
    [
      'another kind of object',
      review({ kind: { group: 'apps', version: 'v1', kind: 'Deployment' } }),
      400,
      /not a v1 Pod: check the `rules`/,
    ],
    ['no kind of object', review({ kind: undefined }), 400, /`request.kind` is missing/],
    ['another kind of review', review({}, { kind: 'TokenReview' }), 400, /`kind` is not `AdmissionReview`/],
    ['an unknown version', review({}, { apiVersion: 'admission.k8s.io/v9' }), 400, /`apiVersion` is not/],
    ['a body cut short', whole.slice(0, -5), 400, /the body is not JSON$/],
    ['garbage after the uid', `${whole.slice(0, 120)}\u0000\u0001`, 400, /the body is not JSON/],
    [
      'a bad annotation',
      review({ object: { metadata: { annotations: { 'kernelseal.io/mode': 'off' } }, spec: POD.spec } }),
      422,
      /kernelseal.io\/mode: is `off`/,
    ],
    ['a shape we refuse', review({ object: { ...POD, spec: { ...POD.spec, hostPID: true } } }), 403, /hostPID/],
    ['an error of our own', review({ namespace: 'boom' }), 500, /the reason is in its log/],
  ]
  for (const [what, body, code, message] of CASES) {
    it(`with ${what}: denied`, async () => {
      const { response } = await answer(body)
      assert.deepEqual([response.allowed, response.status?.code, response.patch], [false, code, undefined])
      assert.match(response.status!.message, message)
    })
  }

  it('with an error of our own: the message keeps the internals, the log has them', async () => {
    const { response } = await answer(review({ namespace: 'boom' }))
    assert.doesNotMatch(response.status!.message, /no such namespace/)
    const [, fields] = logged.findLast(([level]) => level === 'error')!
    assert.match(String(fields.err), /no such namespace/)
  })

  it('with a body over the limit: denied with 413 and the limit', async () => {
    const object = { ...POD, padding: 'x'.repeat(BODY_LIMIT) }
    const { response } = await answer(review({ object }))
    assert.deepEqual([response.allowed, response.status?.code], [false, 413])
    assert.match(response.status!.message, /the limit is 7340032 bytes/)
  })

  it('with a body of just 7 MB: still decided', async () => {
    const head = JSON.stringify(review({ object: { ...POD, padding: '' } })).length
    const object = { ...POD, padding: 'x'.repeat(BODY_LIMIT - head) }
    assert.equal((await answer(review({ object }))).response.allowed, true)
  })

  it('with nesting too deep to be written back: denied', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const body = whole.replace('"spec":{', `"spec":{"initContainers":[{"name":"deep","x":${deep}}],`)
    const { response } = await answer(body)
    assert.deepEqual([response.allowed, response.status?.code], [false, 400])
    assert.match(response.status!.message, /nests deeper than 128/)
  })

  it('with brackets nested a hundred thousand deep: denied or decided, never dropped', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const body = whole.replace('"object":{', `"object":{"deep":${deep},`)
    assert.equal(typeof (await answer(body)).response.allowed, 'boolean')
  })
})

describe('a request without a uid is an HTTP error', () => {
  for (const [what, body, code] of [
    ['malformed JSON', '{"request":', 400],
    ['no body', '', 400],
    ['a JSON text', '"hello"', 400],
    ['an empty review', '{"kind":"AdmissionReview","request":{}}', 400],
    ['a uid elsewhere', '{"request":{"userInfo":{"uid":"x"}', 400],
    ['a number for a uid', '{"request":{"uid":1}}', 400],
    ['seven megabytes of anything', Buffer.alloc(BODY_LIMIT + 1, 0x20), 413],
  ] as const) {
    it(`for ${what}: ${code}`, async () => {
      const response = await post(body)
      assert.equal(response.statusCode, code)
      assert.equal(typeof response.json<{ error: string }>().error, 'string')
    })
  }
})

describe('a body', () => {
  it('far beyond the limit is not read to its end', () => {
    const collector = openBody()
    let sent = 1
    while (collector.add(Buffer.alloc(1024 * 1024)) && sent < 64) sent++
    const body = collector.body()
    assert.deepEqual([body.kind, body.kind === 'oversized' && body.drained], ['oversized', false])
    assert.ok(sent < 64, `${sent} MiB were read`)
  })
})

describe('any body at all', () => {
  const seed = JSON.stringify(review())
  const mutated = fc
    .tuple(
      fc.array(
        fc.tuple(fc.nat(seed.length), fc.constantFrom('', '{', '}', '"', '\\', ',', 'null', '[', '\u0000', '9')),
        { maxLength: 6 },
      ),
      fc.nat(3),
    )
    .map(([edits, width]) => edits.reduce((text, [at, put]) => text.slice(0, at) + put + text.slice(at + width), seed))
  const object = fc.record({
    metadata: fc.jsonValue(),
    spec: fc.oneof(fc.jsonValue(), fc.record({ containers: fc.jsonValue() })),
  })
  const wrapped = object.map((made) => JSON.stringify(review({ object: made })))

  it('is answered: by a review with the uid when there was one, else by an HTTP error (500 inputs)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, wrapped, fc.string()), async (body) => {
        const response = await post(body)
        if (response.statusCode === 400) return
        assert.equal(response.statusCode, 200, response.body)
        const { response: inner } = response.json<Answer>()
        assert.equal(typeof inner.uid, 'string')
        assert.notEqual(inner.auditAnnotations?.outcome, 'fail')
        if (inner.patch !== undefined) JSON.parse(Buffer.from(inner.patch, 'base64').toString())
      }),
      { numRuns: 500 },
    )
  })
})

describe('the other routes', () => {
  it('/healthz is ok and /readyz follows the draining', async () => {
    assert.equal((await app.inject('/healthz')).statusCode, 200)
    assert.equal((await app.inject('/readyz')).statusCode, 200)
    ready = false
    assert.equal((await app.inject('/readyz')).statusCode, 503)
    ready = true
  })

  it('/metrics stands on a server of its own and counts by outcome and reason', async () => {
    assert.equal((await app.inject('/metrics')).statusCode, 404)
    metrics.certificate(new Date(1_700_000_000_000))
    const server = await openMetricsPort('127.0.0.1', 0, metrics)
    const body = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text()
    assert.match(body, /kernelseal_admission_requests_total\{outcome="deny",reason="host-pid"\} 1/)
    assert.match(body, /kernelseal_admission_requests_total\{outcome="skip",reason="opted-out"\} 1/)
    assert.match(body, /kernelseal_admission_duration_seconds_count \d+/)
    assert.match(body, /kernelseal_certificate_expiry_timestamp_seconds 1700000000/)
    server.close()
  })
})
