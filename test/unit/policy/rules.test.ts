import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError, parseConfig } from '../../../agent/policy/parse.ts'

interface Ref {
  readonly name: string
  readonly template?: string
  readonly capacity?: number
}
interface Bound {
  readonly name: string
  readonly selector?: object
  readonly refs: readonly (string | Ref)[]
}

function config(...bindings: Bound[]): string {
  const secrets = bindings.map(({ name, selector, refs }) => ({
    name,
    ...(selector === undefined ? {} : { selector }),
    secretRefs: refs.map((ref) => {
      const { name, template, capacity } = typeof ref === 'string' ? ({ name: ref } as Ref) : ref
      const source = template === undefined ? { envRef: 'SOURCE' } : { template }
      return { name, source, ...(capacity === undefined ? {} : { capacity }) }
    }),
  }))
  return JSON.stringify({ version: 'v1', secrets })
}

function refusal(text: string): string {
  try {
    parseConfig(text, 'c')
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.message
  }
  assert.fail('the configuration was accepted')
}

const accepted = (text: string) => parseConfig(text, 'c')

describe('bindings looked at together', () => {
  it('a variable bound twice in one binding is refused', () => {
    const message = refusal(config({ name: 'a', refs: ['TOKEN', 'OTHER', 'TOKEN'] }))
    assert.match(
      message,
      /secrets\[0\]\.secretRefs\[2\]\.name: `TOKEN` is already bound at `secrets\[0\]\.secretRefs\[0\]`/,
    )
  })

  it('indices stay true when an earlier entry is unreadable', () => {
    const text =
      'secrets: [{name: a, secretRefs: [{name: PATH, source: {envRef: A}}, {name: T, source: {envRef: A}}, {name: T, source: {envRef: A}}]}]'
    assert.match(refusal(text), /secretRefs\[2\]\.name: `T` is already bound at `secrets\[0\]\.secretRefs\[1\]`/)
  })

  it('two bindings of one name are refused', () => {
    assert.match(refusal(config({ name: 'a', refs: ['A'] }, { name: 'a', refs: ['B'] })), /`a` is already the name of/)
  })

  const CONFLICTS: readonly [what: string, one: object | undefined, other: object | undefined, conflict: boolean][] = [
    ['no selectors at all', undefined, undefined, true],
    ['the same binary', { binary: '/bin/a' }, { binary: '/bin/a' }, true],
    ['different binaries', { binary: '/bin/a' }, { binary: '/bin/b' }, false],
    ['a basename and a path that ends in it', { binary: 'a' }, { binary: '/bin/a' }, true],
    ['a binary and the entrypoint', { binary: '/bin/a' }, {}, false],
    ['different containers', { container: 'a' }, { container: 'b' }, false],
    ['one container and every container', { container: 'a' }, {}, true],
    [
      'the same binary in different containers',
      { binary: '/a', container: 'a' },
      { binary: '/a', container: 'b' },
      false,
    ],
  ]
  for (const [what, one, other, conflict] of CONFLICTS) {
    it(`one variable in two bindings with ${what} is ${conflict ? 'refused' : 'accepted'}`, () => {
      const bound = (name: string, selector?: object): Bound => ({ name, ...(selector && { selector }), refs: ['T'] })
      const text = config(bound('a', one), bound('b', other))
      if (conflict)
        assert.match(refusal(text), /`T` is also bound by binding `a` \(`secrets\[0\]`\) for the same process/)
      else accepted(text)
    })
  }

  it('a basename selector is accepted with a warning', () => {
    const { warnings } = accepted(config({ name: 'a', selector: { binary: 'postgres' }, refs: ['A'] }))
    assert.match(warnings[0]!.message, /any file of this name/)
  })
})

describe('limits', () => {
  const many = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `V${from + index}`)

  it('the 64th binding is refused with the limit named', () => {
    const bindings = (count: number) => many(count).map((name) => ({ name, refs: [name] }))
    accepted(config(...bindings(63)))
    assert.match(refusal(config(...bindings(64))), /secrets\[63\]: is one of 64 bindings, the limit is 63/)
  })

  it('the 257th variable is refused with the limit named', () => {
    accepted(config({ name: 'a', refs: many(128) }, { name: 'b', refs: many(128, 128) }))
    const text = config({ name: 'a', refs: many(128) }, { name: 'b', refs: many(129, 128) })
    assert.match(refusal(text), /secrets\[1\]: brings the variables to 257, the limit is 256/)
  })

  it('the ninth binding of one variable is refused with the limit named, in each container of its own', () => {
    const giving = (container: (i: number) => string) =>
      Array.from({ length: 9 }, (_, i) => ({
        name: `b${i}`,
        selector: { binary: `/b${i}`, container: container(i) },
        refs: ['TOKEN'],
      }))
    accepted(config(...giving(() => 'app').slice(1)))
    accepted(config(...giving((i) => (i ? 'app' : 'other'))))
    const message = refusal(config(...giving(() => 'app')))
    assert.match(message, /secrets\[8\]: is one of 9 bindings that give `TOKEN` in container `app`, the limit is 8/)
  })

  it('a program whose path the kernel would not follow to its end is refused', () => {
    const at = (components: number) =>
      config({ name: 'a', selector: { binary: '/d'.repeat(components) }, refs: ['TOKEN'] })
    accepted(at(31))
    assert.match(refusal(at(32)), /has 32 components; the kernel follows 31, mounts counted too/)
    const long = config({ name: 'a', selector: { binary: `/${'ü'.repeat(128)}` }, refs: ['TOKEN'] })
    assert.match(refusal(long), /has a component of more than 255 bytes/)
  })

  it('placeholders beyond a mebibyte in all are refused with the limit named', () => {
    const text = (count: number) => config({ name: 'a', refs: many(count).map((name) => ({ name, capacity: 65_536 })) })
    accepted(text(16))
    assert.match(refusal(text(17)), /add up to 1114112 bytes, the limit is 1048576/)
  })
})

describe('templates', () => {
  const url = (template: string, ...others: Ref[]) =>
    config({ name: 'a', refs: ['PGPASSWORD', { name: 'URL', template }, ...others] })

  it('may refer to variables of their binding', () => {
    accepted(url('postgres://app:$(PGPASSWORD)@db/app'))
  })

  it('that refer to a variable the binding lacks are refused, with the one that was meant', () => {
    const message = refusal(url('postgres://app:$(PGPASSWROD)@db/app'))
    assert.match(
      message,
      /source\.template: has as reference 1 a variable that this binding lacks \(did you mean `PGPASSWORD`\?\)/,
    )
  })

  it('that lead back to themselves are refused, with the chain', () => {
    const message = refusal(url('$(PGPASSWORD)$(B)', { name: 'B', template: '$(C)' }, { name: 'C', template: '$(B)' }))
    assert.match(message, /refers to itself: B → C → B/)
    assert.doesNotMatch(message, /URL →/)
  })

  it('without a reference are a value in the open, and say so', () => {
    assert.match(accepted(url('$$(PGPASSWORD)')).warnings[0]!.message, /refers to no variable/)
  })
})
