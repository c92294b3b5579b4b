/** The journey of a reload on real files, with a kernel that only remembers. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { loadAgentConfig } from '../../../agent/config/load.ts'
import { openLog } from '../../../agent/events/sinks/log.ts'
import { type Metrics, openMetrics } from '../../../agent/events/sinks/metrics.ts'
import { openRotationMetrics } from '../../../agent/events/sinks/rotation-metrics.ts'
import type { Kernel } from '../../../agent/reload/kernel.ts'
import { type Journey, openJourney, type Reload } from '../../../agent/reload/reload.ts'
import type { ChangedAt } from '../../../agent/reload/signal.ts'
import type { Registered } from '../../../agent/reload/state.ts'
import { type Resolved, resolveAll } from '../../../agent/sources/resolve.ts'
import { openSources } from '../../../agent/sources/sources.ts'

let folder: string
let registry: Metrics['registry']
let lines: string[]
let state: Registered
let reload: Reload
let registered: (readonly Resolved[])[]
let told: ChangedAt[]
let full: string | undefined
let applied: string[]
let unwritable: string | undefined

const at = (name: string): string => join(folder, name)
const STATUS = { version: 'v1', nonce: '5e'.repeat(16), hash: '0'.repeat(64), containers: ['app'] }

/** The annotations as the downward API writes them, of bindings to files of `folder`. */
function annotate(annotations: Record<string, string>, files: readonly string[] = ['one', 'two']): void {
  const refs = files.map((name) => ({ name: name.toUpperCase(), source: { fileRef: at(name) } }))
  const bindings = refs.map((ref) => ({ name: `of-${ref.name}`, selector: { binary: '/bin/app' }, secretRefs: [ref] }))
  const entries = { bindings: JSON.stringify(bindings), status: JSON.stringify(STATUS), ...annotations }
  const text = Object.entries(entries).map(([key, value]) => `kernelseal.io/${key}=${JSON.stringify(value)}`)
  writeFileSync(at('annotations'), text.join('\n'))
}

async function start(locked = false): Promise<void> {
  const load = () => loadAgentConfig({ annotations: at('annotations'), 'file-root': [folder] })
  const sources = openSources(undefined, [folder])
  const agent = load()
  const kernel: Kernel = {
    inUse: () => 0n,
    replace: (_, values) => {
      if (full) throw new Error(full)
      registered.push(values)
      return registered.length + 1
    },
    tell: (_, changedAt) => {
      told.push(changedAt)
      return []
    },
    close: () => {},
  }
  const out = { write: (line: string) => lines.push(line) } as unknown as NodeJS.WritableStream
  const metrics = openRotationMetrics(
    registry,
    () => 1,
    () => ({ current: 0, stale: 0 }),
  )
  const write: Journey['applied'] = ({ variables }) => {
    if (unwritable) throw new Error(unwritable)
    applied.push(variables.map(({ name }) => name).join())
  }
  reload = openJourney({ kernel, sources, load, applied: write, locked, metrics, log: openLog('text', 'info', out) })
  state = { agent, values: await resolveAll(agent.config, sources), generation: 1, changedAt: new Map() }
}

const again = async (policy = true): Promise<void> => {
  state = await reload(state, { policy })
}

const valuesNow = (): string[] => state.values.map(({ bytes }) => String(bytes))
const said = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length

async function counted(name: string, outcome: string): Promise<number> {
  const metric = await registry.getSingleMetric(name)?.get()
  return metric?.values.find(({ labels }) => labels.outcome === outcome)?.value ?? Number.NaN
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kernelseal-journey-'))
  registry = openMetrics(
    () => ({}) as never,
    () => 0,
    { tier: 'lsm', delivery: 'kernel', skipped: () => new Map() },
    () => 'enforce',
  ).registry
  ;[lines, registered, told, applied, full, unwritable] = [[], [], [], [], undefined, undefined]
  for (const name of ['one', 'two']) writeFileSync(at(name), `${name}-old`)
  annotate({})
})
afterEach(() => {
  mock.timers.reset()
  rmSync(folder, { recursive: true })
})

describe('a reload', () => {
  it('of nothing that changed registers nothing', async () => {
    await start()
    const before = state
    await again()
    assert.equal(state, before)
    assert.deepEqual([registered.length, lines.length], [0, 0])
  })

  it('registers a changed value and the others as the next generation, and names its binding, not the value', async () => {
    await start()
    writeFileSync(at('two'), 'two-new')
    await again()
    assert.deepEqual([registered.length, state.generation], [1, 2])
    assert.deepEqual(valuesNow(), ['one-old', 'two-new'])
    assert.deepEqual(told.at(-1), new Map([[1, 2]]))
    assert.equal(said(/\[ROTATE\] New values of \[TWO\] for binding `of-TWO`, generation 2/), 1)
    assert.equal(said(/two-new|one-old/), 0)
    assert.equal(await counted('kernelseal_rotations_total', 'rotated'), 1)
  })

  it('keeps an unreadable value while the others rotate, says so once, and counts each attempt', async () => {
    await start()
    rmSync(at('one'))
    writeFileSync(at('two'), 'two-new')
    for (let i = 0; i < 3; i++) await again()
    assert.deepEqual(valuesNow(), ['one-old', 'two-new'])
    assert.equal(said(/binding `of-ONE`, variable `ONE`: .*there is no such file.*the value it had stays/), 1)
    assert.equal(await counted('kernelseal_rotations_total', 'kept'), 3)
    writeFileSync(at('one'), 'one-new')
    await again()
    assert.deepEqual(valuesNow(), ['one-new', 'two-new'])
    rmSync(at('one'))
    await again()
    assert.equal(said(/there is no such file/), 2, 'a cause that comes back is said again')
  })

  const bad: readonly [what: string, spoil: () => void, words: RegExp][] = [
    ['an empty file', () => writeFileSync(at('one'), ''), /the value is empty/],
    ['1 MB', () => writeFileSync(at('one'), 'x'.repeat(1e6)), /it has 1000000 bytes; a secret has at most 65536/],
    ['a value longer than its placeholder', () => writeFileSync(at('one'), 'x'.repeat(257)), /its placeholder 256/],
    ['a NUL byte', () => writeFileSync(at('one'), 'a\0'), /a NUL byte/],
    [
      'a directory in its place',
      () => {
        rmSync(at('one'))
        mkdirSync(at('one'))
      },
      /not a regular file/,
    ],
    [
      'a file that cannot be opened',
      () => {
        rmSync(at('one'))
        symlinkSync('one', at('one'))
      },
      /cannot be opened \(ELOOP\); check its owner and mode/,
    ],
  ]
  for (const [what, spoil, words] of bad) {
    it(`with ${what} changes nothing`, async () => {
      await start()
      spoil()
      await again()
      assert.deepEqual([valuesNow(), registered.length], [['one-old', 'two-old'], 0])
      assert.equal(said(words), 1)
    })
  }

  it('that the kernel has no room for leaves all as it was, and is tried again', async () => {
    await start()
    writeFileSync(at('one'), 'one-new')
    full = 'map `secret_values` is full'
    await again()
    await again()
    assert.deepEqual([valuesNow(), state.generation], [['one-old', 'two-old'], 1])
    assert.equal(said(/the earlier state stays: map `secret_values` is full/), 1)
    assert.equal(await counted('kernelseal_rotations_total', 'failed'), 2)
    full = undefined
    await again()
    assert.deepEqual(valuesNow(), ['one-new', 'two-old'])
  })

  it('does not ask the clock: a jump of years changes nothing', async () => {
    await start()
    for (const now of [0, Date.now() + 1e12]) {
      mock.timers.enable({ apis: ['Date'], now })
      await again()
      mock.timers.reset()
    }
    assert.equal(registered.length, 0)
    writeFileSync(at('one'), 'one-new')
    mock.timers.enable({ apis: ['Date'], now: 0 })
    await again()
    assert.deepEqual(valuesNow(), ['one-new', 'two-old'])
  })
})

describe('a change of policy', () => {
  it('is applied with the values in one registration, and one that weakens is called that', async () => {
    await start()
    annotate({ mode: 'audit' })
    await again()
    assert.deepEqual([state.agent.config.policy.mode, registered.length], ['audit', 1])
    assert.equal(said(/protection is weaker from now on: `mode` from enforce to audit/), 1)
    assert.equal(await counted('kernelseal_policy_changes_total', 'weakened'), 1)
    annotate({})
    await again()
    assert.equal(await counted('kernelseal_policy_changes_total', 'applied'), 1)
    assert.equal(said(/weaker/), 1)
  })

  it('has its placeholders written once it is registered, and one that is refused has not', async () => {
    await start()
    writeFileSync(at('three'), 'new')
    annotate({}, ['one', 'two', 'three'])
    await again()
    assert.deepEqual(applied, ['ONE,TWO,THREE'])
    annotate({ mode: 'enforcd' })
    await again()
    writeFileSync(at('one'), 'rotated')
    await again(false)
    assert.deepEqual(applied, ['ONE,TWO,THREE'], 'a changed value changes no placeholder')
  })

  it('whose placeholders cannot be written is in force, and says so', async () => {
    await start()
    unwritable = 'ENOSPC'
    annotate({ mode: 'audit' })
    await again()
    assert.equal(state.agent.config.policy.mode, 'audit')
    assert.equal(said(/the placeholders of the new policy are not written: ENOSPC/), 1)
  })

  it('that weakens and silences the log at once is said before the log is silent', async () => {
    await start()
    annotate({ mode: 'audit', bindings: JSON.stringify({ monitoring: { logLevel: 'error' }, secrets: [] }) })
    await again()
    assert.equal(said(/weaker from now on: `mode` from enforce to audit/), 1)
    assert.equal(said(/weaker from now on: `logLevel` from info to error/), 1)
    assert.equal(said(/Policy applied/), 0, 'the level holds afterwards')
  })

  it('is not looked at when only values are asked for', async () => {
    await start()
    annotate({ mode: 'audit' })
    await again(false)
    assert.equal(state.agent.config.policy.mode, 'enforce')
  })

  const bad: readonly [what: string, spoil: () => void, words: RegExp][] = [
    ['a wrong word', () => annotate({ mode: 'enforcd' }), /kernelseal\.io\/mode: is `enforcd`/],
    ['annotations cut short', () => writeFileSync(at('annotations'), 'kernelseal.io/mode="au'), /line 1 is cut short/],
    ['an empty file', () => writeFileSync(at('annotations'), ''), /status` is missing or malformed/],
    ['no file', () => rmSync(at('annotations')), /cannot read .*there is no such file/],
    [
      'a directory',
      () => {
        rmSync(at('annotations'))
        mkdirSync(at('annotations'))
      },
      /cannot read .*it is a directory/,
    ],
    ['a new secret that is not there', () => annotate({}, ['one', 'three']), /variable `THREE`: .*no such file/],
    [
      'another nonce',
      () => annotate({ status: JSON.stringify({ ...STATUS, nonce: 'ab'.repeat(16) }) }),
      /the annotation `kernelseal.io\/status` is another/,
    ],
    [
      'a placeholder of another size',
      () => {
        const ref = { name: 'ONE', capacity: 2048, source: { fileRef: at('one') } }
        annotate({ bindings: JSON.stringify([{ name: 'a', selector: { binary: '/x' }, secretRefs: [ref] }]) })
      },
      /`capacity` of `ONE` is 2048, and its placeholder in `app` has 256 bytes/,
    ],
    [
      'a value in the open',
      () => {
        const ref = { name: 'ONE', source: { value: 'hunter2' } }
        annotate({ bindings: JSON.stringify([{ name: 'a', secretRefs: [ref] }]) })
      },
      /binding `a`: the value of `ONE` stands in the annotation/,
    ],
  ]
  for (const [what, spoil, words] of bad) {
    it(`to ${what} is refused once, the earlier one stays, and values still rotate`, async () => {
      await start()
      spoil()
      await again()
      await again()
      assert.deepEqual([state.agent.config.policy.mode, registered.length], ['enforce', 0])
      assert.equal(said(/the new policy is refused, the earlier one stays/), 1)
      assert.equal(said(words), 1, lines.join(''))
      assert.equal(said(/hunter2/), 0)
      writeFileSync(at('two'), 'two-new')
      await again()
      assert.deepEqual(valuesNow(), ['one-old', 'two-new'])
    })
  }

  it('that weakens is refused under --lock-policy, and one that strengthens is not', async () => {
    annotate({ mode: 'audit' })
    await start(true)
    annotate({ mode: 'enforce' })
    await again()
    assert.equal(state.agent.config.policy.mode, 'enforce')
    annotate({ mode: 'audit' })
    await again()
    assert.equal(state.agent.config.policy.mode, 'enforce')
    assert.equal(said(/it is weaker \(`mode` from enforce to audit\).*--lock-policy/), 1)
    assert.equal(await counted('kernelseal_policy_changes_total', 'refused'), 1)
  })

  it('that drops a binding keeps its number for the processes that have it', async () => {
    await start()
    annotate({}, ['two'])
    await again()
    assert.deepEqual(
      state.agent.config.secrets.map(({ name, retired }) => [name, retired]),
      [
        ['of-ONE', true],
        ['of-TWO', undefined],
      ],
    )
    assert.deepEqual(
      state.values.map(({ binding, name }) => [binding, name]),
      [[1, 'TWO']],
    )
    assert.deepEqual(
      state.agent.variables.map(({ name }) => name),
      ['TWO'],
    )
  })

  it('that binds a variable without a placeholder says that it needs a new Pod', async () => {
    await start()
    writeFileSync(at('three'), 'x')
    annotate({}, ['one', 'two', 'three'])
    await again()
    assert.equal(said(/`THREE` has no placeholder in the running containers/), 1)
  })
})
