/** The words of lines about starts, deliveries and crashes. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { describe } from '../../../agent/events/describe.ts'
import { leftPlaceholder } from '../../../agent/events/failure.ts'
import { DEFAULT_SELECTOR } from '../../../agent/policy/secrets/selector.ts'
import type { FailEvent, KernelEvent } from '../../../agent/wire/event.ts'
import { refused, task } from './lines.ts'

const common = { time: 1n, scope: 4_026_531_836, cgroup: 7n, parentPid: 1, actor: task(70, 'python3') }
const refs = ['A', 'B'].map((name) => ({ name, source: { kind: 'envRef', name } as const, capacity: 1024 }))
const BINDINGS = [{ name: 'shop', selector: DEFAULT_SELECTOR, secretRefs: refs }]
const lineOf = (event: KernelEvent) => describe(event, BINDINGS).at(-1)!
const FAILED: FailEvent = {
  ...common,
  kind: 'fail',
  file: '/usr/bin/python3.11',
  bindings: 1n,
  action: 'started',
  reason: 'no-placeholder',
  error: 0,
}

it('a start without a placeholder is daily work: a line an hour, no alarm, and no word that contradicts another', () => {
  const { level, text, alike } = lineOf(FAILED)
  assert.equal(level, 'info')
  assert.equal(text, 'PID 70 (/usr/bin/python3.11) started unsealed: it brought no placeholder of binding `shop`')
  assert.equal(alike?.passing, true)
})

it('a start that is killed is an error and says why', () => {
  const { level, text, alike } = lineOf({ ...FAILED, action: 'killed', reason: 'traced' })
  assert.equal(level, 'error')
  assert.match(text, /killed before it ran: a tracer .* to the one that starts it \(`strace -f -p`.*; binding `shop`$/)
  assert.equal(alike?.passing, undefined)
})

it('a cut placeholder is named as one, and a whole one that is not known as another', () => {
  const cut = leftPlaceholder(FAILED, { variable: 'TOKEN', bytes: 987, isCut: true })
  assert.match(cut.text, /^PID 70 \(\S+\): the placeholder in `TOKEN` was cut after 987 bytes: .*cron.*`capacity`$/)
  const other = leftPlaceholder(FAILED, { variable: 'TOKEN', bytes: 1024, isCut: false })
  assert.match(
    other.text,
    /in `TOKEN` is of another configuration, or of before the machine started: .*`kernelseal env`/,
  )
})

it('a delivery says how many of the variables the program had placeholders for', () => {
  const inject = { ...common, kind: 'inject', file: '/usr/bin/app', bindings: 1n, duration: 1n } as const
  const said = (values: number) => lineOf({ ...inject, values }).text
  assert.equal(said(2), 'Secrets injected into PID 70: [A B]')
  assert.equal(said(1), 'Secrets injected into PID 70: 1 of [A B]')
  assert.equal(said(0), 'Secrets injected into PID 70: [A B]', 'the agent adds all of them')
})

it('a core dump that was refused says by which signal the program would have ended', () => {
  const dump = { way: 'core-dump', detail: 11 } as const
  assert.match(refused('app', dump).text, /: SIGSEGV, turned into SIGKILL so that no core is written$/)
  assert.match(refused('app', { ...dump, detail: 6 }).text, /: SIGABRT, turned/)
  assert.match(refused('app', { ...dump, action: 'audited' }).text, /: SIGSEGV$/)
})
