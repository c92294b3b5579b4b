import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Deny } from '../../../../webhook/mutate/answer/outcome.ts'
import { inject } from '../fixtures.ts'

const list = <Item>(length: number, of: (index: number) => Item): Item[] =>
  Array.from({ length }, (_, index) => of(index))
const podOf = (container: object, annotations: object = {}, more: object = {}) => ({
  metadata: { annotations: { 'secret.kernelseal.io/T': 'secret/a/b', ...annotations } },
  spec: { containers: [{ name: 'app', ...container }], ...more },
})
const env = (length: number) => list(length, (i) => ({ name: `V${i}`, value: 'x' }))

describe('the size of a Pod', () => {
  it('may be 16,384 entries, of all kinds together', () => {
    assert.equal(inject(podOf({ env: env(16_383) })).kind, 'inject')
    const ports = [{ containerPort: 80 }]
    for (const [what, pod] of Object.entries({
      env: podOf({ env: env(16_384) }),
      ports: podOf({ env: env(16_383), ports }),
      volumes: podOf({ env: env(16_383) }, {}, { volumes: [{ name: 'v', emptyDir: {} }] }),
      annotations: podOf({ env: env(16_383) }, { a: '' }),
    })) {
      assert.equal(inject(pod).reason, 'too-many-entries', what)
    }
  })

  it('does not matter to one that opts out', () => {
    assert.equal(inject(podOf({ env: env(20_000) }, { 'kernelseal.io/inject': 'false' })).reason, 'opted-out')
  })

  it('leaves room for any name of a variable that is of use', () => {
    assert.equal(inject(podOf({ env: [{ name: 'x'.repeat(1024), value: '' }] })).kind, 'inject')
    const long = 'x'.repeat(1025)
    assert.equal(inject(podOf({ env: [{ name: long, value: '' }] })).reason, 'too-many-entries')
    assert.equal(inject(podOf({ envFrom: [{ prefix: long, secretRef: { name: 's' } }] })).reason, 'too-many-entries')
  })
})

describe('a name or a port that the API server refuses', () => {
  const name = 'n'.repeat(64)
  for (const [what, pod] of Object.entries({
    'a container’s name': podOf({ name }),
    'a volume’s name': podOf({}, {}, { volumes: [{ name }] }),
    'a mount’s name': podOf({ volumeMounts: [{ name, mountPath: '/m' }] }),
    'a variable’s name that is a number': podOf({ env: [{ name: 5 }] }),
    'port 0': podOf({ ports: [{ containerPort: 0 }] }),
    'port 65536': podOf({ ports: [{ containerPort: 65_536 }] }),
    'a port that is text': podOf({ ports: [{ containerPort: '80' }] }),
  })) {
    it(`is refused before anything is made of it: ${what}`, () => {
      const outcome = inject(pod) as Deny
      assert.deepEqual([outcome.kind, outcome.reason], ['deny', 'bad-pod'])
      assert.match(outcome.message, /spec\.(containers|volumes)\[0\]/)
    })
  }
})
