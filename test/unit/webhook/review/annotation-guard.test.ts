import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseAnnotations, parseStatus } from '../../../../agent/policy/annotations.ts'
import { variablesOf } from '../../../../agent/policy/secrets/variables.ts'
import { policyIdentity } from '../../../../agent/policy/status.ts'
import { judgeChange } from '../../../../agent/policy/strength/verdict.ts'
import { guardAnnotations } from '../../../../webhook/review/annotation-guard.ts'
import { inject, patched, SETTINGS } from '../fixtures.ts'

type Texts = Record<string, string>
interface Sealed {
  metadata: { annotations: Texts }
  spec: object
}

const submitted = {
  metadata: { annotations: { 'secret.kernelseal.io/TOKEN': 'secret/api/token' } },
  spec: { containers: [{ name: 'app', env: [{ name: 'OPEN', value: 'x' }] }] },
}
const outcome = inject(submitted)
const FOREIGN = '[{name: b, secretRefs: [{name: A, source: {secretKeyRef: {name: db, key: pw, namespace: other}}}]}]'
const sealed = patched(submitted, outcome.kind === 'inject' ? outcome.operations : []) as Sealed

const withChanges = (changes: Record<string, string | undefined>): Sealed => {
  const kept = Object.entries({ ...sealed.metadata.annotations, ...changes }).filter(([, text]) => text !== undefined)
  return { ...sealed, metadata: { annotations: Object.fromEntries(kept) as Texts } }
}
const judge = (changes: Record<string, string | undefined>, settings = {}) =>
  guardAnnotations(withChanges(changes), sealed, { ...SETTINGS.agent, ...settings }, 'shop')

/** The agent's own reading of annotations, and its judgement. */
function agentsVerdict(changes: Record<string, string | undefined>) {
  const [before, after] = [sealed, withChanges(changes)].map(({ metadata: { annotations } }) => {
    const { config } = parseAnnotations(annotations, {})
    const status = parseStatus(annotations['kernelseal.io/status']!)!
    const variables = variablesOf(config, status.containers, status.nonce)
    return { config, host: false, identity: policyIdentity(status), variables }
  })
  return judgeChange(before!, after!, false)
}

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
    ['that asks for placeholders of another size', { 'kernelseal.io/capacity': '2048' }, 'fixed-at-start'],
    ['that names a container the Pod lacks', { 'kernelseal.io/containers': 'nosuch' }, 'no-such-container'],
    ['that seals in a container the Pod lacks', { 'kernelseal.io/seal-env': 'nosuch' }, 'no-such-container'],
    [
      'that asks for more than it allows',
      { 'kernelseal.io/agent-cpu-request': '9', 'kernelseal.io/agent-cpu-limit': '1' },
      'bad-annotation',
    ],
    ['that names a Secret of another namespace', { 'kernelseal.io/bindings': FOREIGN }, 'foreign-secret'],
    ['that is CRI-O’s for a user namespace', { 'io.kubernetes.cri-o.userns-mode': 'auto' }, 'user-namespace'],
    [
      'that binds a variable which stands in the open',
      { 'secret.kernelseal.io/OPEN': 'secret/a/b' },
      'variable-already-set',
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

  it('is refused wherever the agent would refuse it', () => {
    for (const changes of [{ 'kernelseal.io/capacity': '2048' }, { 'kernelseal.io/capacity': 'TOKEN=96' }]) {
      assert.ok('refused' in agentsVerdict(changes))
      assert.equal(judge(changes).kind, 'deny')
    }
  })

  it('that goes back to the placeholders there are is admitted, whatever was annotated in between', () => {
    const between = withChanges({ 'kernelseal.io/capacity': '2048' })
    assert.equal(guardAnnotations(sealed, between, SETTINGS.agent, 'shop').reason, 'annotations-checked')
  })

  it('that binds one more variable is admitted with the word that it comes with a new Pod', () => {
    const { warnings } = judge({ 'secret.kernelseal.io/MORE': 'secret/a/b' })
    assert.match(warnings.join('\n'), /gives `MORE` as well/)
    assert.match(warnings.join('\n'), /MORE has no placeholder here/)
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
