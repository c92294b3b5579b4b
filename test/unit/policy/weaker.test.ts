import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../agent/policy/parse.ts'
import { weakenings } from '../../../agent/policy/strength/weaker.ts'
import type { Config, OnRotate } from '../../../agent/policy/types.ts'

const config = (policy: string, selector = '{ binary: /bin/app }', more = ''): Config =>
  parseConfig(
    `policy: ${policy}\n${more}secrets: [{name: a, selector: ${selector}, secretRefs: [{name: T, source: {envRef: T}}]}]`,
    'c',
  ).config

const giving = (...variables: string[]): Config => {
  const { secrets, ...rest } = config('{}')
  const secretRefs = variables.map((name) => ({ name, source: { kind: 'envRef', name: 'T' } as const, capacity: 1024 }))
  return { ...rest, secrets: secrets.map((binding) => ({ ...binding, secretRefs })) }
}

const told = (onRotate: OnRotate): Config => {
  const { secrets, ...rest } = config('{}')
  return { ...rest, secrets: secrets.map((binding) => ({ ...binding, onRotate })) }
}

const WEAKER: readonly [what: string, before: Config, after: Config, phrase: RegExp][] = [
  ['enforce → audit', config('{}'), config('{mode: audit}'), /`mode` from enforce to audit/],
  ['audit → disabled', config('{mode: audit}'), config('{mode: disabled}'), /`mode` from audit to disabled/],
  ['a block switch off', config('{}'), config('{blockMem: false}'), /`blockMem` off/],
  ['self-reads allowed', config('{allowSelfRead: false}'), config('{}'), /`allowSelfRead` on/],
  ['more of the kernel left', config('{}'), config('{kernelControl: [sysfs]}'), /`kernelControl` has `sysfs`/],
  ['start on failure', config('{}'), config('{}', undefined, 'onFailure: start\n'), /`onFailure` from kill to start/],
  ['visitors served', config('{}'), config('{}', '{binary: /bin/app, lineage: any}'), /binding `a` .*to visitors/],
  ['children inherit', config('{}'), config('{}', '{binary: /bin/app, children: inherit}'), /from scrub to inherit/],
  ['another program', config('{}'), config('{}', '{binary: /bin/sh}'), /gives its values to another program/],
  ['no more verification', config('{}', '{binary: /a, verify: image}'), config('{}', '{binary: /a}'), /verifies/],
  ['one value more', config('{}'), giving('T', 'U'), /binding `a` gives `U` as well/],
  ['a new receiver', { ...config('{}'), secrets: [] }, config('{}'), /binding `a` is new, and gives values/],
  ['one value fewer', giving('T', 'U'), config('{}'), /binding `a` no longer seals `U`/],
  ['a binding gone', config('{}'), { ...config('{}'), secrets: [] }, /binding `a` is gone/],
  [
    'a quieter log',
    config('{}'),
    config('{}', undefined, 'monitoring: {logLevel: error}\n'),
    /`logLevel` from info to error/,
  ],
  ['no metrics', config('{}'), config('{}', undefined, 'monitoring: {enabled: false}\n'), /`monitoring.enabled` off/],
  [
    'metrics elsewhere',
    config('{}'),
    config('{}', undefined, 'monitoring: {metricsPort: 1}\n'),
    /`metricsPort` is another/,
  ],
  ['allowed accesses unreported', config('{auditAll: true}'), config('{}'), /`auditAll` off/],
  ['starts unreported', config('{kernelBinaryFilter: false}'), config('{}'), /`kernelBinaryFilter` on/],
  ['an end at rotation', config('{}'), told('restart'), /binding `a` has another `onRotate`/],
  ['a signal at rotation', config('{}'), told({ signal: 'SIGUSR1' }), /binding `a` has another `onRotate`/],
]
/** Neither is stronger than the other, so that both ways are weaker. */
const BOTH_WAYS = /another program|`metricsPort`|gives `U`|no longer seals|is gone|is new/
for (const [what, before, after, phrase] of WEAKER) {
  test(`${what} is weaker, and the way back is not`, () => {
    const said = weakenings(before, after)
    assert.equal(said.length, 1, said.join())
    assert.match(said[0]!, phrase)
    if (BOTH_WAYS.test(said[0]!)) assert.equal(weakenings(after, before).length, 1)
    else assert.deepEqual(weakenings(after, before), [])
  })
}

test('a value from elsewhere is weaker both ways: its receiver is another', () => {
  const after = config('{}')
  const [binding] = after.secrets
  const source = { kind: 'fileRef', path: '/var/run/secrets/kubernetes.io/serviceaccount/token' } as const
  const other = { ...after, secrets: [{ ...binding!, secretRefs: [{ ...binding!.secretRefs[0]!, source }] }] }
  for (const [from, to] of [
    [after, other],
    [other, after],
  ] as const) {
    assert.deepEqual(weakenings(from, to), ['binding `a` takes `T` from elsewhere'])
  }
})

test('a change that only reports or refuses more is not weaker', () => {
  const after = config('{auditAll: true, kernelBinaryFilter: false, blockMaps: true}')
  assert.deepEqual(weakenings(config('{}'), after), [])
})
