import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { load } from 'js-yaml'
import { ConfigError, parseConfig } from '../../../agent/policy/parse.ts'
import type { Problem } from '../../../agent/policy/types.ts'

const FIXTURES = new URL('../../fixtures/config/', import.meta.url)

/** The errors of a configuration that must not be accepted. */
function errorsOf(text: string): readonly Problem[] {
  try {
    parseConfig(text, 'config.yaml')
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.problems.filter(({ severity }) => severity === 'error')
  }
  assert.fail('the configuration was accepted')
}

function messageOf(text: string): string {
  try {
    parseConfig(text, 'config.yaml')
  } catch (error) {
    return (error as Error).message
  }
  assert.fail('the configuration was accepted')
}

/** The first YAML of a page of docs/reference: its policy is the one place, beside the parser's table, where each default is written. */
function exampleOf(page: string): Record<string, unknown> {
  const text = readFileSync(new URL(`../../../docs/reference/${page}`, import.meta.url), 'utf8')
  return load(/^```yaml\n(.*?)^```/ms.exec(text)?.[1] ?? '') as Record<string, unknown>
}

const binding = (refs: string, selector = '{ binary: /bin/app }') =>
  `version: v1\nsecrets:\n- name: one\n  selector: ${selector}\n  secretRefs:\n${refs}`

const ref = (name: string, source = '{ envRef: A }') => `  - { name: ${name}, source: ${source} }\n`

describe('a binding to a container, in a config file', () => {
  it('is named in a warning, because a host has no containers', () => {
    const { warnings } = parseConfig(binding(ref('TOKEN'), '{ container: app }'), 'config.yaml')
    assert.deepEqual(
      warnings.map(({ path, line }) => [path, line]),
      [['secrets[0].selector.container', 4]],
    )
  })
})

describe('configurations of KernelSeal 1.x', () => {
  for (const file of readdirSync(FIXTURES)) {
    it(`${file} is accepted unchanged`, () => {
      const { config } = parseConfig(readFileSync(new URL(file, FIXTURES), 'utf8'), file)
      assert.equal(config.version, 'v1')
      assert.equal(config.secrets.length, 1)
      assert.notEqual(config.secrets[0]!.secretRefs.length, 0)
    })
  }

  it('the whole schema is read key by key, and keys without effect are named in warnings', () => {
    const text = readFileSync(new URL('v1-whole-schema.yaml', FIXTURES), 'utf8')
    const { config, warnings } = parseConfig(text, 'v1.yaml')
    assert.deepEqual(
      warnings.map(({ path, line }) => [path, line]),
      [
        ['policy.podIdentity', 12],
        ['secrets[0].selector.labels', 18],
        ['secrets[0].selector.namespace', 20],
        ['secrets[0].selector.cgroupPath', 21],
        ['monitoring.auditLog', 37],
        ['secrets[0].selector.container', 17],
      ],
    )
    assert.equal(config.policy.allowSelfRead, false)
    assert.equal(config.monitoring.auditLog, '/var/log/kernelseal/audit.log')
    assert.deepEqual(config.secrets[0]!.secretRefs[3]!.source, {
      kind: 'secretKeyRef',
      name: 'creds',
      key: 'password',
      namespace: 'production',
    })
  })
})

describe('defaults', () => {
  it('fill in everything a configuration leaves out, as docs/reference/config.md says', () => {
    const { config } = parseConfig(binding(ref('TOKEN')), 'c')
    const { policy, monitoring } = exampleOf('config.md')
    assert.equal(config.policy.mode, 'enforce')
    assert.deepEqual(config.policy, policy)
    assert.deepEqual(config.monitoring, monitoring)
    assert.equal(config.onFailure, 'kill')
    assert.equal(config.secrets[0]!.secretRefs[0]!.capacity, 256)
  })

  it('what is left of the kernel is a list of known names, each once', () => {
    const control = (text: string) => parseConfig(`policy: { kernelControl: ${text} }`, 'c').config.policy.kernelControl
    assert.deepEqual(control('[sysfs, sysctl-vm, sysfs]'), ['sysctl-vm', 'sysfs'])
    assert.throws(
      () => control('[sysctl-vn]'),
      /c:1: policy\.kernelControl\[0\]: is `sysctl-vn`, must be .*`file-handles`.*did you mean `sysctl-vm`\?/s,
    )
    const { warnings } = parseConfig('policy: { kernelControl: [modules, sysfs, devices] }', 'c')
    const warned = warnings.map(({ message }) => message).join()
    assert.match(warned, /has `modules`: a kernel module reads every value.*has `devices`: drivers reach/)
    assert.throws(() => control('sysfs'), /policy\.kernelControl: must be a list, is text/)
  })

  it('children are scrubbed when a binary is given and inherit when none is', () => {
    const children = (selector: string) =>
      parseConfig(binding(ref('TOKEN'), selector), 'c').config.secrets[0]!.selector.children
    assert.equal(children('{ binary: /bin/app }'), 'scrub')
    assert.equal(children('{ container: app }'), 'inherit')
    assert.equal(children('{ binary: /bin/app, children: deny }'), 'deny')
  })

  it('a binding may leave the selector out altogether', () => {
    const { config } = parseConfig('secrets: [{name: a, secretRefs: [{name: T, source: {envRef: T}}]}]', 'c')
    assert.deepEqual(config.secrets[0]!.selector, { lineage: 'workload', children: 'inherit' })
  })

  it('JSON is read as well as YAML', () => {
    const json = JSON.stringify({ version: 'v1', onFailure: 'start', secrets: [] }, null, 2)
    assert.equal(parseConfig(json, 'c').config.onFailure, 'start')
  })
})

describe('a configuration is refused', () => {
  it('for an unknown key, with path, line and the key that was meant', () => {
    const text = 'version: v1\npolicy:\n  mode: enforce\n  blockEnvron: false\n'
    const line = 'config.yaml:4: policy.blockEnvron: unknown key `blockEnvron` (did you mean `blockEnviron`?)'
    assert.equal(messageOf(text), line)
  })

  it('for a duplicate key, with its line', () => {
    const message = messageOf('version: v1\npolicy:\n  mode: enforce\n  mode: disabled\n')
    assert.equal(message, 'config.yaml:4: is not valid YAML: a key stands twice')
  })

  const CASES: readonly [what: string, text: string, path: string, line: number, message: RegExp][] = [
    ['a mode of the wrong type', 'policy: {mode: 1}', 'policy.mode', 1, /must be text, is number `1`/],
    [
      'a number that may be a secret without its quotes',
      'secrets: [{name: a, secretRefs: [{name: T, source: {value: 4711}}]}]',
      'secrets[0].secretRefs[0].source.value',
      1,
      /must be text, is a number$/,
    ],
    ['an unknown mode', 'policy:\n  mode: enforced', 'policy.mode', 2, /`enforced`, must be/],
    [
      'text where a switch belongs',
      'policy:\n  blockMem: "no"',
      'policy.blockMem',
      2,
      /must be true or false, is text/,
    ],
    ['an empty block', 'version: v1\npolicy:\n', 'policy', 2, /must be a mapping, is empty/],
    ['a mapping for the list of secrets', 'secrets: {name: a}', 'secrets', 1, /must be a list, is a mapping/],
    ['a version from the future', 'version: v2', 'version', 1, /`v2`, must be `v1`/],
    ['a list at the top', '- a', '', 1, /must be a mapping, is a list/],
    ['a port out of range', 'monitoring: {metricsPort: 70000}', 'monitoring.metricsPort', 1, /1 to 65535/],
    ['a fractional port', 'monitoring: {metricsPort: 90.5}', 'monitoring.metricsPort', 1, /whole number/],
    ['an unknown onFailure', 'onFailure: ignore', 'onFailure', 1, /`kill`, `start`/],
    ['a binding without variables', binding('    []'), 'secrets[0].secretRefs', 5, /is empty/],
    ['an invalid variable name', binding(ref('"1ABC"')), 'secrets[0].secretRefs[0].name', 6, /not a variable name/],
    ['a number as a variable name', binding(ref('12')), 'secrets[0].secretRefs[0].name', 6, /must be text/],
    [
      'an unquoted number as a value',
      binding(ref('A', '{ value: 12 }')),
      'secrets[0].secretRefs[0].source.value',
      6,
      /must be text/,
    ],
    ['no source', binding(ref('A', '{}')), 'secrets[0].secretRefs[0].source', 6, /names no source/],
    [
      'two sources',
      binding(ref('A', '{envRef: A, value: b}')),
      'secrets[0].secretRefs[0].source',
      6,
      /2 sources: envRef, value/,
    ],
    [
      'a relative file',
      binding(ref('A', '{fileRef: etc/x}')),
      'secrets[0].secretRefs[0].source.fileRef',
      6,
      /not absolute/,
    ],
    [
      'a file that climbs',
      binding(ref('A', '{fileRef: /run/../etc/shadow}')),
      'secrets[0].secretRefs[0].source.fileRef',
      6,
      /normal form/,
    ],
    [
      'a Secret name with a slash',
      binding(ref('A', '{secretKeyRef: {name: a/b, key: k}}')),
      'secrets[0].secretRefs[0].source.secretKeyRef.name',
      6,
      /not the name of a Secret/,
    ],
    [
      'a Secret key that climbs',
      binding(ref('A', '{secretKeyRef: {name: a, key: ..}}')),
      'secrets[0].secretRefs[0].source.secretKeyRef.key',
      6,
      /not a key/,
    ],
    [
      'a Secret reference without key',
      binding(ref('A', '{secretKeyRef: {name: a}}')),
      'secrets[0].secretRefs[0].source.secretKeyRef',
      6,
      /lacks the key `key`/,
    ],
    [
      'a capacity below the smallest placeholder',
      binding('  - {name: A, source: {envRef: A}, capacity: 95}\n'),
      'secrets[0].secretRefs[0].capacity',
      6,
      /is 95, must be 96 to 65536/,
    ],
    [
      'a binary that is a relative path',
      binding(ref('A'), '{binary: bin/app}'),
      'secrets[0].selector.binary',
      4,
      /not absolute/,
    ],
    ['an unknown lineage', binding(ref('A'), '{lineage: all}'), 'secrets[0].selector.lineage', 4, /`workload`, `any`/],
    [
      'a malformed digest',
      binding(ref('A'), '{binary: /a, verify: sha256:12}'),
      'secrets[0].selector.verify',
      4,
      /64 lower-case hex/,
    ],
    [
      'a digest of no file',
      binding(ref('A'), `{verify: "sha256:${'a'.repeat(64)}"}`),
      'secrets[0].selector.verify',
      4,
      /names no `binary`/,
    ],
    [
      'a binding name with a line break',
      'secrets:\n- name: "a\\nb"\n  secretRefs: [{name: A, source: {envRef: A}}]',
      'secrets[0].name',
      2,
      /cannot name a binding/,
    ],
    ['a __proto__ key', '__proto__: {mode: disabled}', '__proto__', 1, /unknown key/],
  ]
  for (const [what, text, path, line, message] of CASES) {
    it(`for ${what}`, () => {
      const [first, ...rest] = errorsOf(text)
      assert.deepEqual([first!.path, first!.line, rest.length], [path, line, 0])
      assert.match(first!.message, message)
    })
  }

  for (const name of [
    'LD_PRELOAD',
    'LD_AUDIT',
    'LD_ANYTHING',
    'PATH',
    'BASH_ENV',
    'NODE_OPTIONS',
    'PYTHONPATH',
    'GLIBC_TUNABLES',
    'JAVA_TOOL_OPTIONS',
  ]) {
    it(`for the variable ${name}, which would run code`, () => {
      assert.match(errorsOf(binding(ref(name)))[0]!.message, /may not carry a secret: it is obeyed by/)
    })
  }

  it('for HOME_TOKEN it is not: only the listed names are forbidden', () => {
    assert.equal(parseConfig(binding(ref('HOME_TOKEN')), 'c').config.secrets.length, 1)
  })

  it('with all its errors at once', () => {
    const text = binding(ref('PATH') + ref('B', '{fileRef: x}')).replace(
      'version: v1',
      'version: v1\npolicy: {mode: off}',
    )
    assert.deepEqual(
      errorsOf(text).map(({ path }) => path),
      ['policy.mode', 'secrets[0].secretRefs[0].name', 'secrets[0].secretRefs[1].source.fileRef'],
    )
  })

  it('for broken YAML, with the line', () => {
    assert.match(
      messageOf('version: v1\npolicy: {mode: enforce\nsecrets: []\n'),
      /^config\.yaml:\d: is not valid YAML: /,
    )
  })

  it('for no document, and for two', () => {
    assert.equal(messageOf('# nothing here\n'), 'config.yaml: holds no document, expected exactly one')
    assert.equal(messageOf('a: 1\n---\nb: 2\n'), 'config.yaml: holds 2 documents, expected exactly one')
  })

  it('for a text beyond the limit, and the limit is named', () => {
    assert.match(messageOf(`#${'x'.repeat(262_144)}\nversion: v1`), /is 262157 characters long, the limit is 262144/)
  })

  it('for aliases that multiply', () => {
    assert.match(messageOf(`x: &a 1\ny: [${Array.from({ length: 150 }, () => '*a').join(', ')}]`), /alias/)
  })

  for (const value of ['*hunter2', '!hunter2', '!!hunter2 x', '!h!hunter2 x', '!<hunter2> x', '&hunter2 &b c']) {
    it(`without repeating \`${value}\`, which is not text to YAML`, () => {
      assert.doesNotMatch(messageOf(binding(ref('A', `{ value: ${value} }`))), /hunter2/)
    })
  }

  it('without ever repeating a secret value in a message', () => {
    const text = binding(ref('A', '{ value: hunter2, envRef: B }') + ref('B', '[hunter2]') + ref('C', 'hunter2'))
    assert.doesNotMatch(messageOf(text), /hunter2/)
  })
})
