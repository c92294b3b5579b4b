import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError, parseAnnotations, parseStatus } from '../../../agent/policy/annotations.ts'
import { POD_KEYS } from '../../../agent/policy/pod-keys.ts'
import type { Mode } from '../../../agent/policy/types.ts'

const SHORT = { 'secret.kernelseal.io/TOKEN': 'secret/api/token' }
const LIST =
  '- name: db\n  secretRefs:\n  - { name: PGPASSWORD, source: { secretKeyRef: { name: db, key: password } } }\n'

function refusal(annotations: Record<string, string>): ConfigError {
  try {
    parseAnnotations(annotations, {})
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error
  }
  assert.fail(
    `accepted, so that nothing reads or checks it: ${JSON.stringify(annotations)} (agent/policy/annotations.ts)`,
  )
}

const modeOf = (annotations: Record<string, string>, mode?: Mode) =>
  parseAnnotations(annotations, mode === undefined ? {} : { mode }).config.policy.mode

describe('annotations', () => {
  it('without any of ours give an empty policy in enforce mode', () => {
    const { config, optOut, warnings } = parseAnnotations({ 'example.com/x': '1' }, {})
    assert.deepEqual([config.policy.mode, config.secrets, optOut, warnings], ['enforce', [], false, []])
  })

  it('are read, every known one: text that means nothing is refused', () => {
    for (const key of POD_KEYS.filter((key) => key !== 'status')) {
      const { message } = refusal({ ...SHORT, [`kernelseal.io/${key}`]: '{?' })
      assert.ok(message.includes(`kernelseal.io/${key}`), message)
    }
  })

  it('take a list of bindings or a whole configuration', () => {
    const list = parseAnnotations({ 'kernelseal.io/bindings': LIST }, {}).config
    const whole = `version: v1\npolicy: {blockMaps: true}\nonFailure: start\nsecrets:\n${LIST}`
    const { secrets, policy, onFailure } = parseAnnotations({ 'kernelseal.io/bindings': whole }, {}).config
    assert.deepEqual(secrets, list.secrets)
    assert.deepEqual([policy.blockMaps, onFailure], [true, 'start'])
  })

  it('in the short form make one binding to the entrypoint of every container, in the order of the names', () => {
    const { config } = parseAnnotations(
      { 'secret.kernelseal.io/Z': 'env:ZED', 'secret.kernelseal.io/A': 'file:/vault/a', ...SHORT },
      {},
    )
    assert.deepEqual(config.secrets, [
      {
        name: 'secret.kernelseal.io',
        selector: { lineage: 'workload', children: 'inherit' },
        secretRefs: [
          { name: 'A', source: { kind: 'fileRef', path: '/vault/a' }, capacity: 256 },
          { name: 'TOKEN', source: { kind: 'secretKeyRef', name: 'api', key: 'token' }, capacity: 256 },
          { name: 'Z', source: { kind: 'envRef', name: 'ZED' }, capacity: 256 },
        ],
      },
    ])
  })

  it('resolve the mode from strongest to weakest: mode, policy, bindings, namespace, enforce', () => {
    const bindings = { 'kernelseal.io/bindings': '{policy: {mode: audit}, secrets: []}' }
    const policy = { 'kernelseal.io/policy': 'mode: disabled' }
    assert.equal(modeOf({}), 'enforce')
    assert.equal(modeOf({}, 'audit'), 'audit')
    assert.equal(modeOf(bindings, 'disabled'), 'audit')
    assert.equal(modeOf({ ...bindings, ...policy }, 'enforce'), 'disabled')
    assert.equal(modeOf({ ...bindings, ...policy, 'kernelseal.io/mode': 'enforce' }, 'audit'), 'enforce')
  })

  it('override single switches of the policy and leave the others alone', () => {
    const { policy } = parseAnnotations(
      {
        'kernelseal.io/bindings': '{policy: {blockMaps: true, auditAll: true}, secrets: []}',
        'kernelseal.io/policy': 'auditAll: false\nblockPtrace: false',
      },
      {},
    ).config
    assert.deepEqual(
      [policy.blockMaps, policy.auditAll, policy.blockPtrace, policy.blockMem],
      [true, false, false, true],
    )
  })

  it('carry the opt-out, the port, the resources and the action on failure', () => {
    const { config, optOut, resources } = parseAnnotations(
      {
        'kernelseal.io/inject': 'false',
        'kernelseal.io/metrics-port': '9191',
        'kernelseal.io/on-failure': 'start',
        'kernelseal.io/agent-memory-limit': '256Mi',
        'kernelseal.io/agent-cpu-request': '50m',
      },
      {},
    )
    assert.deepEqual([optOut, config.monitoring.metricsPort, config.onFailure], [true, 9191, 'start'])
    assert.deepEqual(resources, { 'agent-cpu-request': '50m', 'agent-memory-limit': '256Mi' })
  })

  it('that are ours but unknown are named in a warning, with the key that was meant', () => {
    const { warnings } = parseAnnotations(
      { 'kernelseal.io/binding': LIST, 'secrets.kernelseal.io/TOKEN': 'env:A', 'notkernelseal.io/x': '1' },
      {},
    )
    assert.deepEqual(
      warnings.map(({ path, hint }) => [path, hint]),
      [
        ['kernelseal.io/binding', 'did you mean `kernelseal.io/bindings`?'],
        ['secrets.kernelseal.io/TOKEN', 'did you mean `secret.kernelseal.io/TOKEN`?'],
      ],
    )
  })

  it('never choose an image, an address or a capability: such keys do not exist', () => {
    const { warnings } = parseAnnotations({ 'kernelseal.io/agent-image': 'evil' }, {})
    assert.match(warnings[0]!.message, /not a key/)
  })
})

describe('annotations are refused', () => {
  const CASES: readonly [what: string, annotations: Record<string, string>, message: string][] = [
    [
      'for an unknown key in the bindings, with the line inside the value',
      { 'kernelseal.io/bindings': `${LIST}- nmae: x\n  secretRefs: []\n` },
      'kernelseal.io/bindings: [1].nmae (line 4): unknown key `nmae` (did you mean `name`?)',
    ],
    [
      'for broken YAML',
      { 'kernelseal.io/bindings': '- name: a\n  name: b\n' },
      'kernelseal.io/bindings (line 2): is not valid YAML: a key stands twice',
    ],
    [
      'for an unknown mode',
      { 'kernelseal.io/mode': 'enforced' },
      'kernelseal.io/mode: is `enforced`, must be `disabled`, `audit`, `enforce` (did you mean `enforce`?)',
    ],
    [
      'for an opt-out that is neither yes nor no',
      { 'kernelseal.io/inject': 'no' },
      'kernelseal.io/inject: is `no`, must be `true`, `false`',
    ],
    [
      'for a port that is none',
      { 'kernelseal.io/metrics-port': '9x' },
      'kernelseal.io/metrics-port: is `9x`, must be a port, 1 to 65535',
    ],
    [
      'for a quantity that is none',
      { 'kernelseal.io/agent-cpu-limit': 'lots' },
      'kernelseal.io/agent-cpu-limit: is `lots`, must be a quantity (such as `100m` or `64Mi`)',
    ],
    [
      'for a forbidden variable in the short form',
      { 'secret.kernelseal.io/LD_PRELOAD': 'env:A' },
      'secret.kernelseal.io/LD_PRELOAD: `LD_PRELOAD` may not carry a secret: it is obeyed by the dynamic loader (use another name)',
    ],
    [
      'for a short form with too many parts',
      { 'secret.kernelseal.io/A': 'secret/a/b/c' },
      'secret.kernelseal.io/A: does not have three parts (write `secret/<name>/<key>`)',
    ],
  ]
  for (const [what, annotations, message] of CASES) {
    it(what, () => {
      const found = refusal(annotations).problems.filter(({ severity }) => severity === 'error')
      assert.equal(refusal(annotations).message.split('\n')[0], message)
      assert.ok(found.every(({ path }) => Object.keys(annotations).some((key) => path.startsWith(key))))
    })
  }

  it('for a literal secret in the short form, which is not repeated', () => {
    assert.doesNotMatch(refusal({ 'secret.kernelseal.io/A': 'hunter2' }).message, /hunter2/)
  })

  it('for a variable in both the short form and the bindings', () => {
    const { message } = refusal({ 'kernelseal.io/bindings': LIST, 'secret.kernelseal.io/PGPASSWORD': 'env:A' })
    assert.match(message, /^secret\.kernelseal\.io\/PGPASSWORD: `PGPASSWORD` is also bound by binding `db` \(`\[0\]`\)/)
  })

  for (const text of ['yes please', 'true,app', 'App', '', 'app,,web']) {
    it(`for seal-env ${JSON.stringify(text)}, with the allowed values`, () => {
      assert.match(
        refusal({ 'kernelseal.io/seal-env': text }).message,
        /^kernelseal.io\/seal-env: (has the word|is empty)/,
      )
    })
  }
})

describe('seal-env-from', () => {
  const read = (text: string) => parseAnnotations({ ...SHORT, 'kernelseal.io/seal-env-from': text }, {}).sealEnvFrom

  it('names the keys of one Secret, or of several', () => {
    assert.deepEqual([...(read('db=user,password') ?? [])], [['db', ['user', 'password']]])
    assert.deepEqual(
      [...(read('db=user\nsmtp=password\n') ?? [])].map(([name]) => name),
      ['db', 'smtp'],
    )
  })

  for (const text of ['db', 'db=', '=user', 'db=a=b', 'Db=user', 'db=user,', 'db=a/b', ' '])
    it(`is refused as ${JSON.stringify(text)}, with an example`, () => {
      const { message } = refusal({ ...SHORT, 'kernelseal.io/seal-env-from': text })
      assert.match(message, /^kernelseal.io\/seal-env-from: has a wrong word, number 1 .*`db=user,password`/)
    })
})

describe('capacity', () => {
  const capacityOf = (text: string, variable: string) => {
    const short = { [`secret.kernelseal.io/${variable}`]: 'secret/api/token', 'kernelseal.io/capacity': text }
    return parseAnnotations(short, {}).config.secrets[0]?.secretRefs[0]?.capacity
  }

  it('is that of all short forms, of one variable, or both', () => {
    assert.equal(capacityOf('2048', 'TOKEN'), 2048)
    assert.equal(capacityOf('TLS_KEY=16384', 'TLS_KEY'), 16384)
    assert.equal(capacityOf('TLS_KEY=16384', 'TOKEN'), 256)
    assert.equal(capacityOf('96, TLS_KEY = 65536', 'TOKEN'), 96)
  })

  for (const text of ['95', '65537', '2Ki', 'A=', '=200', 'a b=200', '200;300', '-1'])
    it(`is refused as \`${text}\`, with an example`, () => {
      const { message } = refusal({ ...SHORT, 'kernelseal.io/capacity': text })
      assert.match(message, /^kernelseal.io\/capacity: has a wrong word, number 1 .*96 to 65536.*`NAME=bytes`/)
    })
})

describe('seal-env', () => {
  for (const [text, expected] of [
    ['true', { containers: 'all', strict: false }],
    ['strict', { containers: 'all', strict: true }],
    ['app, web', { containers: ['app', 'web'], strict: false }],
    ['strict, app', { containers: ['app'], strict: true }],
    ['false', undefined],
  ] as const) {
    it(`\`${text}\` is read`, () => {
      assert.deepEqual(parseAnnotations({ 'kernelseal.io/seal-env': text }, {}).sealEnv, expected)
    })
  }

  it('and the webhook’s findings are bindings like others', () => {
    const sealed =
      '[{"name":"seal-env.app","selector":{"container":"app"},"secretRefs":[{"name":"A","source":{"envRef":"B"}}]}]'
    const { config } = parseAnnotations({ 'kernelseal.io/sealed-env': sealed }, {})
    assert.deepEqual(
      config.secrets.map(({ name }) => name),
      ['seal-env.app'],
    )
    assert.match(
      refusal({ 'kernelseal.io/sealed-env': sealed.replace('envRef', 'envRed') }).message,
      /sealed-env.*has an unknown key \(did you mean `envRef`\?\)/,
    )
  })
})

describe('the status annotation', () => {
  const status = { version: 'v1', nonce: 'a'.repeat(32), hash: 'b'.repeat(64), containers: ['app'] }

  it('is read when it is well-formed', () => {
    assert.deepEqual(parseStatus(JSON.stringify(status)), { ...status, added: [], replaced: [] })
  })

  for (const [what, text] of [
    ['not JSON', '{'],
    ['of another version', JSON.stringify({ ...status, version: 'v2' })],
    ['with a short nonce', JSON.stringify({ ...status, nonce: 'ab' })],
    ['with a nonce that is no hex', JSON.stringify({ ...status, nonce: 'z'.repeat(32) })],
    ['with containers that are no names', JSON.stringify({ ...status, containers: [1] })],
    ['null', 'null'],
    ['longer than all annotations may be', JSON.stringify(status).padEnd(262_145)],
  ] as const) {
    it(`is nothing when it is ${what}`, () => assert.equal(parseStatus(text), undefined))
  }
})

describe('annotations of a stranger', () => {
  it('beyond the limit of the API server are refused before anything is read', () => {
    const { message } = refusal({ 'kernelseal.io/bindings': `#${'x'.repeat(262_144)}` })
    assert.match(message, /^metadata\.annotations: are 262167 characters long, the limit is 262144$/)
  })

  it('with thousands of errors are refused with the first twenty', () => {
    const bindings = `[${Array.from({ length: 5000 }, () => '{name: a}').join(', ')}]`
    const lines = refusal({ 'kernelseal.io/bindings': bindings }).message.split('\n')
    assert.equal(lines.length, 21)
    assert.match(lines[20]!, /^and \d+ more errors$/)
  })

  it('with thousands of variables are refused without comparing each with each', () => {
    const refs = Array.from({ length: 2000 }, (_, n) => `{name: V${n},source: {envRef: A}}`).join(',')
    const start = performance.now()
    assert.match(
      refusal({ 'kernelseal.io/bindings': `[{name: a, secretRefs: [${refs}]}]` }).message,
      /2000, the limit is 256/,
    )
    // A few hundred milliseconds on a busy machine; each with each takes many seconds.
    assert.ok(performance.now() - start < 5000)
  })
})
