import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answerTo, JOURNEYS } from '../../../../webhook/review/endpoints.ts'
import { key, pod } from '../bombs/bombs.ts'
import { CLUSTER, NONCE, SETTINGS } from '../fixtures.ts'

const ask = (text: string) =>
  answerTo({ kind: 'whole', bytes: Buffer.from(text) }, JOURNEYS['/mutate'], {
    settings: SETTINGS,
    nonce: () => NONCE,
    cluster: CLUSTER,
  })
/** `String` of it throws. */
const odd = { toString: 1 }
const seal = { [key('seal-env')]: 'true' }
const bound = { 'secret.kernelseal.io/T': 'secret/a/b' }
const reference = (name: unknown, of: unknown) => [{ name: 'S', valueFrom: { secretKeyRef: { name, key: of } } }]
const from = (name: unknown) => ({ containers: [{ name: 'app', envFrom: [{ secretRef: { name } }] }] })
const volume = (secret: object) => ({
  containers: [{ name: 'app', volumeMounts: [{ name: 'v' }] }],
  volumes: [{ name: 'v', secret }],
})

describe('an object where the API has text', () => {
  for (const [what, text] of Object.entries({
    'the kind': pod(bound).replace('"kind":"Pod"', '"kind":{"toString":1}'),
    'a variable’s name': pod(seal, [{ name: odd, value: 'x' }]),
    'a reference’s Secret': pod(seal, reference(odd, 'k')),
    'a reference’s key': pod({ ...seal, ...bound }, reference('a', odd)),
    'a reference beside bound ones': pod(bound, reference(odd, odd)),
    'a Secret taken whole': pod(seal, [], from(odd)),
    'a volume’s Secret': pod(bound, [], volume({ secretName: odd })),
    'an item of a volume': pod(bound, [], volume({ secretName: 'a', items: [{ key: odd }] })),
    'a pull secret': pod(bound, [], { imagePullSecrets: [{ name: odd }] }),
    'a value': pod(seal, [...reference('a', 'k'), { name: 'S', value: odd }]),
  })) {
    it(`is answered, and is no fault of ours: ${what}`, () => {
      const answer = ask(text)
      assert.equal(answer.kind, 'answer')
      assert.notEqual(answer.kind === 'answer' && answer.outcome.kind, 'fail')
    })
  }
})
