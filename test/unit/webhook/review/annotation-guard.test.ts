import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { guardAnnotations } from '../../../../webhook/review/annotation-guard.ts'
import { inject, patched, SETTINGS } from '../fixtures.ts'

type Texts = Record<string, string>
interface Sealed {
  metadata: { annotations: Texts }
  spec: object
}

const submitted = {
  metadata: { annotations: { 'secret.kernelseal.io/TOKEN': 'secret/api/token' } },
  spec: { containers: [{ name: 'app' }] },
}
const outcome = inject(submitted)
const sealed = patched(submitted, outcome.kind === 'inject' ? outcome.operations : []) as Sealed

const withChanges = (changes: Record<string, string | undefined>): Sealed => {
  const kept = Object.entries({ ...sealed.metadata.annotations, ...changes }).filter(([, text]) => text !== undefined)
  return { ...sealed, metadata: { annotations: Object.fromEntries(kept) as Texts } }
}
const judge = (changes: Record<string, string | undefined>, settings = {}) =>
  guardAnnotations(withChanges(changes), sealed, { ...SETTINGS.agent, ...settings })

describe('a changed annotation of a sealed Pod', () => {
  const REFUSED: readonly [what: string, changes: Record<string, string | undefined>, reason: string][] = [
    ['that cannot be read', { 'kernelseal.io/mode': 'enforcd' }, 'bad-annotation'],
    [
      'with aliases to aliases',
      { 'kernelseal.io/bindings': `{a: &a [${'x,'.repeat(200)}], b: [${'*a,'.repeat(99)}]}` },
      'bad-annotation',
    ],
    ['that names the file of another process', { 'secret.kernelseal.io/T': 'file:/proc/7/root/x' }, 'file-outside'],
    [
      'that carries a value',
      { 'kernelseal.io/bindings': '[{name: b, secretRefs: [{name: A, source: {value: x}}]}]' },
      'literal-value',
    ],
    ['that is the status', { 'kernelseal.io/status': '{}' }, 'status-changed'],
    ['that takes the status away', { 'kernelseal.io/status': undefined }, 'status-changed'],
  ]
  for (const [what, changes, reason] of REFUSED) {
    it(`${what} is refused`, () => assert.equal(judge(changes).reason, reason))
  }

  it('that weakens is admitted with a warning, and refused where policies are locked', () => {
    const changes = { 'kernelseal.io/mode': 'audit' }
    const { kind, reason, warnings } = judge(changes)
    assert.deepEqual([kind, reason], ['skip', 'annotations-checked'])
    assert.deepEqual(warnings, ['KernelSeal: protection becomes weaker: `mode` from enforce to audit'])
    const locked = judge(changes, { lockPolicy: true })
    assert.equal(locked.reason, 'weaker-policy')
    assert.match(locked.kind === 'deny' ? locked.message : '', /`mode` from enforce to audit/)
  })

  it('that strengthens is admitted without one', () => {
    const { kind, warnings } = judge({ 'kernelseal.io/policy': 'blockMaps: true' }, { lockPolicy: true })
    assert.deepEqual([kind, warnings], ['skip', []])
  })

  it('that lets debug containers in weakens, and the way back does not', () => {
    const open = { 'kernelseal.io/allow-debug': 'true' }
    assert.deepEqual(judge(open).warnings, ['KernelSeal: protection becomes weaker: `allow-debug` on'])
    assert.equal(judge(open, { lockPolicy: true }).reason, 'weaker-policy')
    const closing = guardAnnotations(sealed, withChanges(open), { ...SETTINGS.agent, lockPolicy: true })
    assert.deepEqual([closing.kind, closing.warnings], ['skip', []])
  })

  it('that mends one which could not be read is admitted with a warning, and refused where policies are locked', () => {
    const broken = withChanges({ 'kernelseal.io/mode': 'enforcd' })
    const { reason, warnings } = guardAnnotations(sealed, broken, SETTINGS.agent)
    assert.deepEqual([reason, warnings.length], ['annotations-checked', 1])
    assert.match(warnings[0]!, /perhaps, since the annotations before cannot be read/)
    assert.equal(guardAnnotations(sealed, broken, { ...SETTINGS.agent, lockPolicy: true }).reason, 'weaker-policy')
  })

  it('without the Pod, or without what it was, is refused', () => {
    assert.equal(guardAnnotations(undefined, sealed, SETTINGS.agent).reason, 'bad-pod')
    assert.equal(guardAnnotations(sealed, null, SETTINGS.agent).reason, 'bad-review')
  })
})

it('annotations of a Pod without an agent are its author’s own', () => {
  const plain = { metadata: { annotations: { 'kernelseal.io/mode': 'enforcd' } }, spec: submitted.spec }
  assert.equal(guardAnnotations(plain, submitted, SETTINGS.agent).reason, 'not-guarded')
})
