import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { load } from 'js-yaml'
import { REASONS, type Reason } from '../../../../webhook/mutate/answer/reasons.ts'
import { guardAnnotations } from '../../../../webhook/review/annotation-guard.ts'
import { CLUSTER, golden, inject, NONCE, OLD_CLUSTER, patched, SETTINGS } from '../fixtures.ts'

const PODS = new URL('../../../fixtures/pods/', import.meta.url)
/** A file's name says on which server it is admitted. */
const decide = (file: string, pod: unknown) =>
  inject(pod, NONCE, file.startsWith('before-1-29-') ? OLD_CLUSTER : CLUSTER)
const shapes = readdirSync(PODS).filter((file) => file.endsWith('.yaml'))

describe('golden Pods', () => {
  for (const file of shapes) {
    const name = file.slice(0, -'.yaml'.length)
    it(`${name.replaceAll('-', ' ')}`, () => {
      const pod = load(readFileSync(new URL(file, PODS), 'utf8'))
      const before = structuredClone(pod)
      const actual = golden(decide(file, pod))
      assert.deepEqual(pod, before, 'the Pod given was changed')
      const expected = new URL(`${name}.patch.json`, PODS)
      // `npm run golden` writes the actual results; the diff is then for review.
      if (process.env.UPDATE_GOLDEN === '1') writeFileSync(expected, `${JSON.stringify(actual, null, 2)}\n`)
      assert.deepEqual(actual, JSON.parse(readFileSync(expected, 'utf8')))
    })

    it(`${name.replaceAll('-', ' ')}: three appliers agree, and a second pass changes nothing`, () => {
      const pod = load(readFileSync(new URL(file, PODS), 'utf8'))
      const outcome = decide(file, pod)
      if (outcome.kind !== 'inject') return
      const once = patched(pod, outcome.operations)
      const again = golden(decide(file, once))
      assert.deepEqual(again, { ...again, reason: 'nothing-to-change', operations: [] })
    })

    it(`${name.replaceAll('-', ' ')}: once it runs, its annotations are not refused`, () => {
      const pod = load(readFileSync(new URL(file, PODS), 'utf8'))
      const outcome = decide(file, pod)
      if (outcome.kind !== 'inject') return
      const once = patched(pod, outcome.operations)
      const checked = guardAnnotations(once, once, SETTINGS.agent, 'shop')
      assert.deepEqual([checked.reason, checked.warnings], ['annotations-checked', []])
    })
  }
})

describe('the table of reasons', () => {
  it('has no entry that no Pod shows, but those of the server', () => {
    const shown = shapes.map((file) => decide(file, load(readFileSync(new URL(file, PODS), 'utf8'))).reason)
    const rest = Object.keys(REASONS).filter((reason) => !shown.includes(reason as Reason))
    const elsewhere = ['policy-too-large', 'too-many-containers', 'too-many-entries', 'too-much-to-seal']
    const guarded = ['not-guarded', 'debug-allowed', 'agent-session', 'debug-container']
    const changed = ['annotations-checked', 'status-changed', 'fixed-at-start', 'weaker-policy']
    const server = [
      'nothing-to-change',
      'not-a-creation',
      ...guarded,
      ...changed,

      'bad-review',
      'body-too-large',
      'internal-error',
    ]
    assert.deepEqual(rest.toSorted(), [...elsewhere, ...server].toSorted())
  })

  it('marks Pods that were given the same with the same hash, and others with another', () => {
    const pod = load(readFileSync(new URL('one-secret-in-the-short-form.yaml', PODS), 'utf8')) as {
      metadata: { annotations: Record<string, string> }
    }
    const hashOf = (more: Record<string, string>, nonce = NONCE) => {
      const annotations = { ...pod.metadata.annotations, ...more }
      const outcome = inject({ ...pod, metadata: { ...pod.metadata, annotations } }, nonce)
      return /"hash\\":\\"([0-9a-f]{64})/.exec(JSON.stringify(outcome))![1]
    }
    assert.equal(hashOf({ 'example.com/other': 'text' }, 'a'.repeat(32)), hashOf({}))
    assert.notEqual(hashOf({ 'kernelseal.io/policy': 'blockMaps: true' }), hashOf({}))
    assert.notEqual(hashOf({ 'kernelseal.io/agent-cpu-limit': '1' }), hashOf({}))
  })

  it('gives two Pods different slots', () => {
    const pod = load(readFileSync(new URL('one-secret-in-the-short-form.yaml', PODS), 'utf8'))
    const slots = ['a', 'b'].map(
      (digit) => JSON.stringify(inject(pod, digit.repeat(32))).match(/kernelseal:v1:([0-9a-f]{32})/)![1],
    )
    assert.notEqual(slots[0], slots[1])
  })
})
