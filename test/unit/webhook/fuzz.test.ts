/** Anything a client may send, without the server around it: 20,000 inputs, or FUZZ_RUNS (`npm run fuzz:webhook`). */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import { load } from 'js-yaml'
import { applyPatch } from 'rfc6902'
import type { Operation } from '../../../webhook/mutate/answer/patch.ts'
import { applyOperations } from '../../../webhook/offline/apply-operations.ts'
import { answerTo, JOURNEYS } from '../../../webhook/review/endpoints.ts'
import { CLUSTER, NONCE, SETTINGS } from './fixtures.ts'

const RUNS = Number(process.env.FUZZ_RUNS ?? 20_000)
/** The mutations are cheap, the made-up objects are not. */
const share = (part: number) => ({
  numRuns: Math.ceil(RUNS * part),
  interruptAfterTimeLimit: 3_600_000,
  markInterruptAsFailure: true,
})

const UID = '705ab4f5-6393-11e8-b7cc-42010a800002'
const DEPS = { settings: SETTINGS, nonce: () => NONCE, cluster: CLUSTER }
const PODS = new URL('../../fixtures/pods/', import.meta.url)
const reviewOf = (object: unknown, kind = 'Pod', operation = 'CREATE', subResource = '') =>
  JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: { uid: UID, kind: { group: '', version: 'v1', kind }, operation, subResource, namespace: 'shop', object },
  })
const SEEDS = readdirSync(PODS)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => Buffer.from(reviewOf(load(readFileSync(new URL(file, PODS), 'utf8')))))

/** The longest answer of all, in milliseconds of a CPU: the Pods behind it wait for as long. */
let slowest = 0
/** The time that no answer may take. */
const STALL_MS = 200

/** For every input: an answer in the protocol with the request's uid, and a patch that can be applied. */
function check(bytes: Buffer, journey: keyof typeof JOURNEYS = '/mutate'): void {
  const start = process.threadCpuUsage()
  const answered = answerTo({ kind: 'whole', bytes }, JOURNEYS[journey], DEPS)
  const { user, system } = process.threadCpuUsage(start)
  slowest = Math.max(slowest, (user + system) / 1000)
  assert.ok(slowest < STALL_MS, `${slowest} ms`)
  if (answered.kind === 'unanswerable') {
    assert.notEqual(answered.problem, '')
    return
  }
  assert.notEqual(answered.outcome.kind, 'fail', String(answered.outcome.kind === 'fail' && answered.outcome.error))
  const { kind, response } = JSON.parse(answered.text)
  assert.deepEqual([kind, response.uid], ['AdmissionReview', answered.caller.uid])
  assert.equal(typeof response.allowed, 'boolean')
  if (response.patch === undefined) return
  const operations = JSON.parse(Buffer.from(response.patch, 'base64').toString()) as Operation[]
  const object = structuredClone(answered.review!.object)
  assert.deepEqual(
    applyPatch(object, operations as never).filter((error) => error !== null),
    [],
  )
  assert.deepEqual(applyOperations(answered.review!.object, operations), object)
}

/** The place, the length removed, the text inserted. */
const edit = fc.tuple(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.nat(4),
  fc.oneof(
    fc.uint8Array({ maxLength: 3 }),
    fc.constantFrom(
      ...['"', '{', '}', '[', ']', ':', ',', 'null', 'true', '1e999', '\\u0000', '""', '{}', '[]'].map((text) =>
        Buffer.from(text),
      ),
    ),
  ),
)
const mutated = fc
  .tuple(fc.constantFrom(...SEEDS), fc.array(edit, { minLength: 1, maxLength: 5 }))
  .map(([seed, edits]) =>
    edits.reduce<Buffer>((bytes, [place, gone, put]) => {
      const at = Math.floor(place * bytes.length)
      return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + gone)])
    }, seed),
  )

const SPEC = {
  containers: [
    {
      name: 'app',
      env: [
        { name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
        { name: 'C', value: 'x$(S)$(C)$(D)' },
        { name: 'D', value: '$(C)$(C)' },
      ],
    },
  ],
}
const WHOLE = readFileSync(new URL('../../fixtures/config/v1-whole-schema.yaml', import.meta.url), 'utf8')
/** Text with a meaning in YAML, in templates or in the schema, once or a thousand times. */
const PIECES = [
  '\n',
  '  ',
  ': ',
  '- ',
  '{',
  '}',
  '[',
  ']',
  ', ',
  '"',
  "'",
  '&a ',
  '*a',
  '#',
  '\t',
  '!!str ',
  '? ',
  '|\n ',
  '>\n ',
]
const WORDS = [
  '---\n',
  '...\n',
  '$(A)',
  '$(S)',
  '$$',
  'name: A',
  'secretRefs',
  'source',
  'template',
  'value',
  '\u202e',
  '1e999',
]
const piece = fc.tuple(
  fc.constantFrom(...PIECES, ...WORDS),
  fc.oneof({ weight: 20, arbitrary: fc.nat(3) }, fc.nat(2000)),
)
const edited = fc
  .array(fc.tuple(fc.nat(WHOLE.length), fc.nat(9), piece), { maxLength: 5 })
  .map((list) =>
    list.reduce(
      (text, [at, gone, [put, often]]) => text.slice(0, at) + put.repeat(often) + text.slice(at + gone),
      WHOLE,
    ),
  )
const composed = fc
  .array(piece, { maxLength: 20 })
  .map((list) => list.map(([put, often]) => put.repeat(often)).join(''))
const annotation = fc.oneof(edited, composed, fc.json({ maxDepth: 5 }), fc.string())
const annotationKey = fc
  .constantFrom(
    'bindings',
    'policy',
    'seal-env',
    'sealed-env',
    'mode',
    'status',
    'metrics-port',
    'agent-cpu-limit',
    'x',
  )
  .map((name) => `kernelseal.io/${name}`)

describe(`any request (${RUNS} inputs)`, () => {
  after(() => process.stdout.write(`# slowest answer: ${slowest.toFixed(1)} ms of a CPU\n`))

  it('whose bytes were tampered with is answered', () => {
    fc.assert(
      fc.property(mutated, (bytes) => check(bytes)),
      share(0.35),
    )
  })

  it('whose annotations hold anything is answered', () => {
    const reviewed = fc
      .dictionary(annotationKey, annotation, { minKeys: 1, maxKeys: 4 })
      .map((annotations) => Buffer.from(reviewOf({ metadata: { annotations }, spec: SPEC })))
    fc.assert(
      fc.property(reviewed, (bytes) => check(bytes)),
      share(0.5),
    )
  })

  it('with a value of another type anywhere in a real Pod is answered', () => {
    const strange = fc.constantFrom<unknown>(null, true, 0, '', 'text', [], {}, [null], [{}], [{ name: 1 }], {
      a: null,
    })
    const place = fc.tuple(fc.constantFrom(...SEEDS), fc.nat(200), strange)
    const replaced = place.map(([seed, index, value]) => {
      let seen = 0
      const text = JSON.stringify(JSON.parse(seed.toString()).request.object, (key, old) =>
        key !== '' && seen++ === index ? value : old,
      )
      return Buffer.from(reviewOf(JSON.parse(text)))
    })
    fc.assert(
      fc.property(replaced, (bytes) => check(bytes)),
      share(0.1),
    )
  })

  it('about a session or a debug container, with anything in it, is answered', () => {
    const made = fc.tuple(
      fc.constantFrom('PodExecOptions', 'PodAttachOptions', 'Pod', 'EphemeralContainers'),
      fc.constantFrom('exec', 'attach', 'ephemeralcontainers', ''),
      fc.constantFrom('CONNECT', 'UPDATE'),
      fc.oneof(
        fc.jsonValue(),
        fc.record({ container: fc.jsonValue(), spec: fc.jsonValue(), metadata: fc.jsonValue() }),
      ),
    )
    fc.assert(
      fc.property(made, ([kind, sub, operation, object]) =>
        check(Buffer.from(reviewOf(object, kind, operation, sub)), '/validate'),
      ),
      share(0.05),
    )
  })
})
