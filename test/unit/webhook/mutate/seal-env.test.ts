import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { expand, isOfService, type Known } from '../../../../webhook/mutate/seal-env/expand.ts'
import { Growth } from '../../../../webhook/mutate/seal-env/growth.ts'
import { inject, patched } from '../fixtures.ts'

interface Env {
  name: string
  value?: string
  valueFrom?: object
}
const reference = (name: string, key = 'k'): Env => ({ name, valueFrom: { secretKeyRef: { name: 's', key } } })
const pod = (containers: { name: string; env: Env[] }[], sealEnv = 'true') => ({
  metadata: { annotations: { 'kernelseal.io/seal-env': sealEnv } },
  spec: { containers },
})
type Patched = ReturnType<typeof pod> & { metadata: { annotations: Record<string, string> } }

function after(before: unknown): Patched {
  const outcome = inject(before)
  assert.equal(outcome.kind, 'inject', JSON.stringify(outcome))
  return patched(before, outcome.kind === 'inject' ? outcome.operations : []) as Patched
}

describe('seal-env', () => {
  it('seals variables that another webhook adds after the first pass, and keeps those already sealed', () => {
    const first = after(pod([{ name: 'app', env: [reference('A')] }]))
    const mesh = { name: 'mesh', env: [reference('B')] }
    first.spec.containers.push(mesh)
    const second = after(first)
    assert.deepEqual(second.spec.containers[0], first.spec.containers[0])
    assert.match(second.spec.containers[1]!.env[0]!.value!, /^kernelseal:v1:/)
    const sealed = JSON.parse(second.metadata.annotations['kernelseal.io/sealed-env']!)
    assert.deepEqual(
      sealed.map(({ name }: { name: string }) => name),
      ['seal-env.app', 'seal-env.mesh'],
    )
  })

  it('resolves every name that the kubelet resolves', () => {
    const plain = { name: '.u', value: 'alice' }
    const composed = { name: 'DSN', value: 'pg://$(.u):$(PW)@$(a$(PW))' }
    const { metadata } = after(pod([{ name: 'app', env: [reference('PW'), plain, composed] }]))
    const [{ secretRefs }] = JSON.parse(metadata.annotations['kernelseal.io/sealed-env']!)
    assert.deepEqual(secretRefs[1].source, { template: 'pg://alice:$(PW)@$$(a$$(PW))' })
  })

  it('refuses a value with a part that only the kubelet knows, whatever its name', () => {
    const fromConfigMap = { name: '1h', valueFrom: { configMapKeyRef: { name: 'c', key: 'h' } } }
    const env = [reference('PW'), fromConfigMap, { name: 'DSN', value: '$(PW)@$(1h)' }]
    assert.equal(inject(pod([{ name: 'app', env }])).reason, 'composed-by-kubelet')
  })

  it('does not believe a list of sealed variables on a Pod without an agent', () => {
    const before = pod([{ name: 'app', env: [reference('A')] }])
    Object.assign(before.metadata.annotations, { 'kernelseal.io/sealed-env': '[{"name":"x"' })
    assert.doesNotMatch(after(before).metadata.annotations['kernelseal.io/sealed-env']!, /"x"/)
  })

  const names = ['A', 'B', 'C', 'D'] as const
  const value = fc.array(fc.constantFrom('$(A)', '$(B)', '$(C)', '$(X)', '$$', '$', 'text', '$('), { maxLength: 4 })
  const entry = fc.tuple(fc.constantFrom(...names), fc.option(value.map((parts) => parts.join(''))))
  const env = fc
    .uniqueArray(entry, { selector: ([name]) => name })
    .map((entries) => entries.map(([name, text]) => (text === null ? reference(name) : { name, value: text })))

  it('leaves no reference to a Secret behind, and a second pass changes nothing', () => {
    fc.assert(
      fc.property(env, (env) => {
        const before = pod([{ name: 'app', env }])
        const outcome = inject(before)
        if (outcome.kind !== 'inject') return
        const once = patched(before, outcome.operations)
        assert.doesNotMatch(JSON.stringify((once as Patched).spec.containers), /secretKeyRef/)
        assert.equal(inject(once, 'f'.repeat(32)).reason, 'nothing-to-change')
      }),
      { numRuns: 500 },
    )
  })
})

describe('a value with references', () => {
  const known = new Map<string, Known>([
    ['PLAIN', { kind: 'literal', text: 'a$b' }],
    ['SECRET', { kind: 'sealed' }],
    ['FIELD', { kind: 'kubelet' }],
  ])

  for (const [value, expected] of [
    ['$(PLAIN)-$$(SECRET)', { kind: 'literal', text: 'a$b-$(SECRET)' }],
    ['$(PLAIN)$(SECRET)$$(PLAIN)', { kind: 'template', template: 'a$$b$(SECRET)$$(PLAIN)' }],
    ['$(SECRET)$(UNSET)', { kind: 'template', template: '$(SECRET)$$(UNSET)' }],
    ['$(SECRET)$(FIELD)', { kind: 'unknown', name: 'FIELD' }],
  ] as const) {
    it(`${value} is ${JSON.stringify(expected)}`, () =>
      assert.deepEqual(
        expand(value, known, () => false, new Growth()),
        expected,
      ))
  }

  it('that is not set may come from envFrom', () => {
    assert.deepEqual(
      expand('$(SECRET)$(UNSET)', known, () => true, new Growth()),
      { kind: 'unknown', name: 'UNSET' },
    )
  })

  it('may come from a Service, whose variables the kubelet alone knows', () => {
    for (const name of ['DB_SERVICE_HOST', 'DB_SERVICE_PORT', 'DB_SERVICE_PORT_HTTP', 'DB_PORT', 'DB_PORT_80_TCP_ADDR'])
      assert.deepEqual([isOfService(name, true), isOfService(name, false)], [true, false], name)
    assert.ok(isOfService('KUBERNETES_SERVICE_HOST', false), 'which comes without service links, too')
    for (const name of ['DB_HOST', 'SUPPORT', 'PORT']) assert.ok(!isOfService(name, true), name)
  })
})
