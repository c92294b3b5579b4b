/**
 * "Weaker" against a definition that knows nothing of the tables: events that one policy permits or hides, and the
 * other does not.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseConfig } from '../../../../agent/policy/parse.ts'
import { DEFAULT_MONITORING, DEFAULT_POLICY } from '../../../../agent/policy/schema.ts'
import { weakenings } from '../../../../agent/policy/strength/weaker.ts'
import type { Binding, Config } from '../../../../agent/policy/types.ts'
import { samePolicy } from '../../../../agent/reload/compare.ts'

const PAIRS = 2000

const source = fc.constantFrom(
  { kind: 'secretKeyRef', name: 's', key: 'k' } as const,
  { kind: 'secretKeyRef', name: 's', key: 'other' } as const,
  { kind: 'fileRef', path: '/etc/one' } as const,
  { kind: 'envRef', name: 'E', trim: true } as const,
)
const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined, freq: 2 })
const selector = fc.record({
  binary: optional(fc.constantFrom('/bin/a', '/bin/b', 'a')),
  container: optional(fc.constantFrom('app', 'side')),
  lineage: fc.constantFrom('workload', 'any'),
  children: fc.constantFrom('scrub', 'inherit', 'deny'),
  verify: optional(fc.constantFrom('image', `sha256:${'0'.repeat(64)}`)),
  libraries: optional(fc.constantFrom('image', 'any')),
  withoutPlaceholder: optional(fc.constantFrom('start', 'add')),
  labels: optional(fc.constantFrom({ a: 'b' })),
})
const reference = fc.record({
  name: fc.constantFrom('ONE', 'TWO', 'THREE'),
  source,
  capacity: fc.constantFrom(96, 1024),
})
const binding = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  selector,
  secretRefs: fc.uniqueArray(reference, { minLength: 1, maxLength: 3, selector: ({ name }) => name }),
  onRotate: optional(fc.constantFrom('restart', { signal: 'SIGHUP' }, { signal: 'SIGUSR1' })),
  retired: optional(fc.constant(true)),
})
const yes = fc.boolean()
const policy = fc.record({
  mode: fc.constantFrom('enforce', 'audit', 'disabled'),
  ...Object.fromEntries(Object.keys(DEFAULT_POLICY).flatMap((key) => (key === 'mode' ? [] : [[key, yes]]))),
  kernelControl: fc.subarray(['sysctl-vm', 'sysfs', 'modules']),
})
const monitoring = fc.record({
  enabled: yes,
  metricsPort: fc.constantFrom(9090, 9091),
  logLevel: fc.constantFrom('debug', 'info', 'warn', 'error'),
})
const config = fc.record({
  version: fc.constant('v1'),
  policy,
  onFailure: fc.constantFrom('kill', 'start'),
  secrets: fc.uniqueArray(binding, { maxLength: 3, selector: ({ name }) => name }),
  monitoring,
  allowDebug: optional(fc.constant(true)),
}) as unknown as fc.Arbitrary<Config>

/** Changes of a single item find mistakes that a pair of unrelated policies, weaker in ten ways, would hide. */
const oneChange = fc.tuple(config, config, fc.nat(), fc.nat()).map(([a, b, at, inside]): [Config, Config] => {
  const key = (['policy', 'onFailure', 'secrets', 'monitoring', 'allowDebug'] as const)[at % 5]!
  if (key !== 'policy' && key !== 'monitoring') return [a, { ...a, [key]: b[key] }]
  const name = Object.keys(a[key])[inside % Object.keys(a[key]).length]!
  return [a, { ...a, [key]: { ...a[key], [name]: (b[key] as unknown as Record<string, unknown>)[name] } }]
})
const pairs = fc.oneof({ weight: 3, arbitrary: oneChange }, { weight: 1, arbitrary: fc.tuple(config, config) })

/** All that a policy lets happen, keeps from being seen, or does to a program. Weaker: there is something new in the set. */
function harms({ policy, onFailure, secrets, monitoring, allowDebug }: Config): Set<string> {
  const found = new Set<string>()
  const add = (when: boolean, harm: string) => when && found.add(harm)
  for (const part of policy.kernelControl) add(true, `the scope changes the kernel: ${part}`)
  add(policy.mode !== 'enforce', 'looks are not refused')
  add(policy.mode === 'disabled', 'looks are not reported')
  add(!policy.blockEnviron, 'environ may be read')
  add(!policy.blockMem, 'memory may be read')
  add(!policy.blockMaps, 'maps may be read')
  add(!policy.blockPtrace, 'may be traced')
  add(!policy.blockDebugSignals, 'may be debugged by its runtime')
  add(policy.allowSelfRead, 'reads itself')
  add(!policy.auditAll, 'allowed looks are unseen')
  add(policy.kernelBinaryFilter, 'starts are unseen')
  add(onFailure === 'start', 'starts without values')
  add(allowDebug === true, 'debug containers are let in')
  add(!monitoring.enabled, 'no metrics')
  add(true, `metrics at ${monitoring.metricsPort}`)
  for (const line of ['debug', 'info', 'warn', 'error'] as const) {
    const ranks = ['debug', 'info', 'warn', 'error']
    add(ranks.indexOf(line) < ranks.indexOf(monitoring.logLevel), `${line} lines are unseen`)
  }
  for (const one of secrets.filter(({ retired }) => !retired)) addHarmsOf(one, found)
  for (const name of ['a', 'b', 'c']) {
    const one = secrets.find((binding) => binding.name === name && !binding.retired)
    for (const variable of ['ONE', 'TWO', 'THREE']) {
      add(!one?.secretRefs.some((ref) => ref.name === variable), `${name}: ${variable} is not sealed`)
    }
  }
  return found
}

function addHarmsOf({ name, selector, secretRefs, onRotate }: Binding, found: Set<string>): void {
  const receiver = `${name}: ${selector.binary} in ${selector.container}`
  for (const ref of secretRefs) found.add(`${receiver} has ${ref.name} of ${JSON.stringify(ref.source)}`)
  if (selector.lineage === 'any') found.add(`${name}: visitors have it`)
  if (selector.children !== 'deny') found.add(`${name}: children start`)
  if (selector.children === 'inherit') found.add(`${name}: children have it`)
  for (const check of ['image', `sha256:${'0'.repeat(64)}`]) {
    if (selector.verify !== check) found.add(`${name}: runs without ${check}`)
  }
  if (selector.libraries === 'any') found.add(`${name}: loads any library`)
  if (selector.withoutPlaceholder === 'add') found.add(`${name}: has it unasked`)
  if (onRotate !== undefined) found.add(`${name}: is told by ${JSON.stringify(onRotate)}`)
}

/**
 * A binding that is new or gone is that alone: its selector has no counterpart to be compared with. An absent binding
 * runs without its checks, which then is the same as a new one.
 */
function isWeaker(before: Config, after: Config): boolean {
  const had = harms(before)
  return [...harms(after)].some((harm) => !had.has(harm))
}

describe(`weaker, of ${PAIRS} generated pairs`, () => {
  it('agrees with an independent definition', () => {
    let [weaker, not] = [0, 0]
    const same = fc.property(pairs, ([before, after]) => {
      const expected = isWeaker(before, after)
      const found = weakenings(before, after)
      assert.equal(
        found.length > 0,
        expected,
        `${found.join('; ')}: only one of the table and \`harms\` calls this weaker`,
      )
      expected ? weaker++ : not++
    })
    fc.assert(same, { numRuns: PAIRS })
    assert.ok(Math.min(weaker, not) > PAIRS / 20, `both sides are tried: ${weaker} weaker, ${not} not`)
  })

  it('is nothing between a policy and itself', () => {
    fc.assert(fc.property(config, (one) => assert.deepEqual(weakenings(one, structuredClone(one)), [])))
  })

  it('is never taken for no change at all', () => {
    const agent = (config: Config) => ({
      config,
      variables: [],
      where: '',
      host: false,
      identity: '',
      warnings: [],
      followed: [],
    })
    const noticed = fc.property(pairs, ([before, after]) => {
      if (weakenings(before, after).length) assert.equal(samePolicy(agent(before), agent(after)), false)
    })
    fc.assert(noticed, { numRuns: PAIRS })
  })
})

it('every key of the policy block is read, has a default, and is weaker in one direction', () => {
  const whole = (policy: Config['policy']): Config => ({
    version: 'v1',
    policy,
    onFailure: 'kill',
    secrets: [],
    monitoring: DEFAULT_MONITORING,
  })
  for (const key of Object.keys(DEFAULT_POLICY) as (keyof typeof DEFAULT_POLICY)[]) {
    const other = key === 'mode' ? 'audit' : key === 'kernelControl' ? ['sysfs'] : !DEFAULT_POLICY[key]
    const text = `policy: {${key}: ${JSON.stringify(other)}}\nsecrets: []`
    assert.deepEqual(parseConfig(text, 'c').config.policy[key], other)
    const [one, two] = [whole(DEFAULT_POLICY), whole({ ...DEFAULT_POLICY, [key]: other })]
    const both = [weakenings(one, two).length, weakenings(two, one).length]
    assert.deepEqual(both.toSorted(), [0, 1], key)
  }
})
