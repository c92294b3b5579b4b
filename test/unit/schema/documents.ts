/** Configurations as people write them, with a mistake here and there. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { SOURCE_KINDS } from '../../../agent/policy/secrets/source.ts'
import { DEFAULT_POLICY } from '../../../agent/policy/strength/policy-table.ts'
import type { Source } from '../../../agent/policy/types.ts'

const FOLDER = new URL('../../../schema/', import.meta.url)
export const schemaOf = (name: string) => JSON.parse(readFileSync(new URL(`${name}.schema.json`, FOLDER), 'utf8'))

export const FORBIDDEN_NAMES = [
  ...[
    'LD_PRELOAD',
    'LD_',
    'GLIBC_TUNABLES',
    'GCONV_PATH',
    'LOCPATH',
    'PATH',
    'IFS',
    'ENV',
    'BASH_ENV',
    'SHELLOPTS',
    'BASHOPTS',
  ],
  ...[
    'PS4',
    'PROMPT_COMMAND',
    'NODE_OPTIONS',
    'NODE_PATH',
    'PYTHONSTARTUP',
    'PYTHONPATH',
    'PYTHONHOME',
    'PYTHONINSPECT',
  ],
  ...[
    'PYTHONBREAKPOINT',
    'PYTHONUSERBASE',
    'PERLLIB',
    'PERL5LIB',
    'PERL5OPT',
    'PERL5DB',
    'RUBYOPT',
    'RUBYLIB',
    'CLASSPATH',
  ],
  ...['JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', '_JAVA_OPTIONS', 'DOTNET_STARTUP_HOOKS'],
]

/** Of a value's place: mostly good ones, seldom a bad one. */
const some = <T>(good: readonly T[], ...bad: unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 60, arbitrary: fc.constantFrom<unknown>(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...bad, null, [], {}, 7) },
  )
const flag = some([true, false], 'yes', 1)

const PATHS = ['/a', '/usr/bin/app', '/a/.b', '/a/...', '/a b', '/é']
const BAD_PATHS = ['', '/', 'a/b', '/a/', '/a//b', '/a/../b', '/..', '/a\n', `/${'x'.repeat(4095)}`]
const LABELS = ['a', 'a-1', 'x'.repeat(63)]
const BAD_LABELS = ['', 'A', '-a', 'a-', 'a.b', 'x'.repeat(64), 'a\n']

/** Any of the keys, rarely one that nobody knows. */
const mapping = (keys: Readonly<Record<string, fc.Arbitrary<unknown>>>, required: readonly string[] = []) =>
  fc.oneof(
    { weight: 40, arbitrary: fc.record(keys, { requiredKeys: [...required] }) },
    { weight: 1, arbitrary: fc.record({ ...keys, unknown: fc.constant(1) }, { requiredKeys: ['unknown'] }) },
    { weight: 1, arbitrary: fc.record(keys, { requiredKeys: [] }) },
    { weight: 1, arbitrary: fc.constantFrom<unknown>('text', 7, null, []) },
  )

export const policies = mapping({
  mode: some(['disabled', 'audit', 'enforce'], 'on', 'Enforce', ''),
  ...Object.fromEntries(
    Object.entries(DEFAULT_POLICY).flatMap(([name, value]) => (typeof value === 'boolean' ? [[name, flag]] : [])),
  ),
  kernelControl: some([[], ['sysfs'], ['modules', 'modules']], ['disks'], 'sysfs', [1]),
  podIdentity: fc.constantFrom<unknown>(true, null, { a: 1 }),
})

const WELL_KNOWN: Partial<Record<Source['kind'], fc.Arbitrary<unknown>>> = {
  secretKeyRef: mapping(
    {
      name: some(['db', 'db.a-1'], 'Db', '.a', 'a..b', 'a-', 'x'.repeat(254)),
      key: some(['password', '.hidden', 'a..b'], '..data', '.', 'a/b', ''),
      namespace: some(LABELS, ...BAD_LABELS),
    },
    ['name', 'key'],
  ),
  fileRef: some(PATHS, ...BAD_PATHS),
  envRef: some(['A', '_a9', 'PATH', 'X'.repeat(70)], '9a', 'a-b', ''),
  value: some(['x', ' '], ''),
  template: some(['$(A)', '$'], ''),
  vaultRef: mapping(
    {
      path: some(['a', 'a/b c', 'a/.b', 'A@b+c=d,e'], '/a', 'a/', 'a//b', 'a/..', '.', 'a?b', 'x'.repeat(513)),
      key: some(['k'], ''),
    },
    ['path', 'key'],
  ),
}
/** A kind without inputs of its own is tried by the shape that the schema gives it. */
function plain(kind: Source['kind']): fc.Arbitrary<unknown> {
  const { properties = {}, required = [] } = schemaOf('config').$defs.source.properties[kind]
  const keys = Object.keys(properties)
  return keys.length > 0
    ? mapping(Object.fromEntries(keys.map((key) => [key, some(['a'], '')])), required)
    : some(['a'], '')
}
const sources = Object.fromEntries(SOURCE_KINDS.map((kind) => [kind, WELL_KNOWN[kind] ?? plain(kind)]))
const oneSource = fc.oneof(
  ...Object.entries(sources).map(([kind, value]) => fc.record({ [kind]: value, trim: flag }, { requiredKeys: [kind] })),
)
const source = fc.oneof(
  { weight: 30, arbitrary: oneSource },
  { weight: 1, arbitrary: fc.record(sources, { requiredKeys: [] }) },
)

const secretRef = mapping(
  {
    name: some(['A', '_b9', 'X'.repeat(62), 'LD', 'PATHS', 'MY_PATH'], ...FORBIDDEN_NAMES, '9a', 'a-b', 'X'.repeat(63)),
    source,
    capacity: some([96, 1024, 65536], 95, 65537, 96.5, '96'),
  },
  ['name', 'source'],
)

const HASH = `sha256:${'0'.repeat(64)}`
const selector = mapping({
  binary: some([...PATHS, 'app', '...', 'a b'], ...BAD_PATHS, '.', '..', 'x'.repeat(256), '/d'.repeat(32)),
  container: some(LABELS, ...BAD_LABELS),
  lineage: some(['workload', 'any'], 'all'),
  children: some(['scrub', 'inherit', 'deny'], 'none'),
  verify: some(['image', HASH], 'sha256:0', HASH.toUpperCase()),
  libraries: some(['image', 'any'], 'all'),
  withoutPlaceholder: some(['start', 'add'], 'none'),
  labels: some([{}, { app: 'x' }], { app: 1 }, { app: '' }, 'x'),
  namespace: some(['a'], ''),
  cgroupPath: some(['a'], ''),
})

const onRotate = some(['restart', { signal: 'SIGHUP' }], 'stop', { signal: 'SIGKILL' }, { signal: 'SIGHUP', more: 1 })
const binding = mapping(
  {
    name: some(['a', 'a.b_c-d', '9'], '', '-a', 'x'.repeat(64), 'a b'),
    selector,
    secretRefs: fc.oneof(
      { weight: 30, arbitrary: fc.array(secretRef, { minLength: 1, maxLength: 2 }) },
      fc.constant([]),
    ),
    onRotate,
  },
  ['name', 'secretRefs'],
)
export const secretLists = fc.oneof(
  { weight: 30, arbitrary: fc.array(binding, { maxLength: 2 }) },
  fc.constantFrom<unknown>({}, 'a', null),
)

export const configs = mapping({
  version: some(['v1'], 'v2', 1),
  policy: policies,
  secrets: secretLists,
  monitoring: mapping({
    enabled: flag,
    metricsPort: some([1, 9090, 65535], 0, 65536, '9090', 1.5),
    logLevel: some(['error', 'warn', 'info', 'debug'], 'trace'),
    auditLog: fc.constantFrom<unknown>('a', 1, null),
  }),
  onFailure: some(['kill', 'start'], 'stop'),
})
