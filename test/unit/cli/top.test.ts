/** `kernelseal top`: its table, and its screen on a pseudo-terminal. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { ratesTable } from '../../../agent/cli/live/rates.ts'
import type { ScopeSurvey, Survey } from '../../../agent/scope/status.ts'
import { COUNTER_NAMES, type Counter } from '../../../agent/wire/constants.ts'
import { onTerminal } from '../../support/terminal.ts'

const AGENT = new URL('../../../agent/', import.meta.url).pathname

function scope(number: number, counts: Partial<Record<Counter, number>> = {}, agent = true): ScopeSurvey {
  const all = Object.fromEntries(COUNTER_NAMES.map((name) => [name, counts[name] ?? 0])) as Record<Counter, number>
  return { scope: number, mode: 'enforce', agent, sealed: 3, counts: all }
}
const survey = (...scopes: ScopeSurvey[]): Survey => ({
  tier: 'lsm',
  delivery: 'kernel',
  programs: ['a', 'b'],
  scopes,
  others: [],
})

test('the table has the difference between two looks, per second', () => {
  const before = { survey: survey(scope(1, { execs: 10, blocked: 0 })), at: 0 }
  const now = { survey: survey(scope(1, { execs: 30, blocked: 5, events_lost: 2 }, false), scope(2)), at: 2000 }
  assert.equal(
    ratesTable(before, now),
    `2 programs, refusal tier lsm, delivery tier kernel; 2 scopes
SCOPE  MODE     AGENT  SEALED  EXECS/S  BLOCKED/S  LOST  TIER
1      enforce  gone   3       10.0     2.5        2     lsm/kernel
2      enforce  alive  3       –        –          0     lsm/kernel
`,
  )
})

test('a scope that began anew has no rate, rather than a negative one', () => {
  const before = { survey: survey(scope(1, { execs: 10 })), at: 0 }
  assert.match(ratesTable(before, { survey: survey(scope(1, { execs: 3 })), at: 1000 }), /3 {7}–/)
})

test('removed programs are reported, not shown as they were', () => {
  assert.match(ratesTable({ survey: survey(scope(1)), at: 0 }, { survey: undefined, at: 1 }), /^Nothing is pinned/)
})

const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'

/** A node with one scope, with execs that grow by 7 each look, and more scopes than the screen has lines. */
const LIVE = `
import { watch } from '${AGENT}cli/live/top.ts'
let execs = 0
const counts = () => ({ execs: (execs += 7), values: 0, blocked: 0, failed: 0, events_lost: 0 })
const scope = (number) => ({ scope: number, mode: 'enforce', agent: true, sealed: 1, counts: counts() })
await watch(() => ({ tier: 'lsm', delivery: 'kernel', programs: [], others: [{ abi: 'v'.repeat(200), scopes: [] }],
  scopes: Array.from({ length: 40 }, (_, i) => scope(4026531836 + i)) }), 100)
console.log('the shell goes on')`
const live = [process.execPath, '--input-type=module', '-e', LIVE]

for (const [what, how] of [
  ['q', { keys: 'q' }],
  ['Ctrl-C', { keys: '\x03' }],
  ['SIGTERM', { signal: 15 }],
] as const) {
  test(`on a terminal it shows one page after another until ${what}, and gives the terminal back`, () => {
    const { output, status, restored } = onTerminal(live, { awaits: 'q ends it', times: 4, ...how })
    assert.equal(status, 0, output)
    assert.ok(output.startsWith(ENTER))
    assert.ok(output.endsWith(`${LEAVE}the shell goes on\r\n`), output.slice(-100))
    assert.ok(restored, `the terminal was not given back; its end: ${output.slice(-200)}`)
    assert.match(output, /SCOPE .*EXECS\/S/)
  })
}

test('a page is never longer or wider than the screen', () => {
  const { output } = onTerminal(live, { awaits: 'q ends it', times: 3, keys: 'q' })
  for (const page of output.split('\x1b[H').slice(1)) {
    const lines = page.split('\x1b[J')[0]!.split('\r\n')
    assert.ok(lines.length <= 24, `${lines.length} lines`)
    for (const line of lines) assert.ok(line.replace('\x1b[K', '').length <= 80, JSON.stringify(line))
  }
})

test('a survey that fails ends it with the terminal given back', () => {
  const failing = `import { watch } from '${AGENT}cli/live/top.ts'
    let looks = 0
    const survey = () => { if (++looks > 2) throw new Error('the pins are gone'); return undefined }
    await watch(survey, 50).catch((error) => { console.log(error.message); process.exitCode = 1 })`
  const argv = [process.execPath, '--input-type=module', '-e', failing]
  const { output, status, restored } = onTerminal(argv, { awaits: 'the pins are gone' })
  assert.equal(status, 1)
  assert.ok(restored)
  assert.ok(output.includes(`${LEAVE}the pins are gone`))
})

test('where nothing is pinned it says so and fails, on a terminal as well', () => {
  const main = [process.execPath, `${AGENT}main.ts`, 'top']
  const { output, status } = onTerminal(main, { awaits: 'Nothing is pinned' })
  assert.equal(status, 1)
  assert.ok(!output.includes('\x1b'))
})

test('an invalid interval is refused with the allowed range', () => {
  const { status, stderr } = spawnSync(process.execPath, [`${AGENT}main.ts`, 'top', '--interval', 'x'], {
    encoding: 'utf8',
  })
  assert.equal(status, 2)
  assert.match(stderr, /--interval is 0\.1 to 3600 s, not `x`/)
})
