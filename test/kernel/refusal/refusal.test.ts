/**
 * Rows 1, 2, 3 and 5 in every mode, by every attacker. Each verdict contrasts two real attempts: one under `mode: disabled`, where
 * it must work, and one under `mode: enforce`. The kernel's command line decides the refusal tier; both must hold.
 */
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { attemptsOfRows } from '../../../agent/attack/attempts/suite.ts'
import { type MatrixLine, matrixOf } from '../../../agent/attack/report/matrix.ts'
import { type Attacker, type AttackerName, attackerOf, EVERY_ATTACKER } from '../../../agent/attack/runner/attackers.ts'
import { newCleanup } from '../../../agent/attack/targets/cleanup.ts'
import { type CanaryProgram, copyProgram } from '../../../agent/attack/targets/program.ts'
import { openSealed } from '../../../agent/attack/targets/sealed.ts'
import { attackSide, type SideOutcomes } from '../../../agent/attack/targets/side.ts'
import { activeLsms } from '../../../agent/linux/securityfs.ts'
import type { Mode } from '../../../agent/policy/types.ts'

const attempts = attemptsOfRows([1, 2, 3, 5])
const attackers = EVERY_ATTACKER.map(attackerOf)

/** Attackers that the kernel itself gives their canary's memory. */
const POWERFUL: readonly AttackerName[] = ['root', 'container-root', 'same-uid']

interface Session {
  readonly outcomes: SideOutcomes
  readonly tier: string
  readonly blocked: number
  readonly audited: number
  /** The access events of its log. */
  readonly accesses: readonly { readonly action: string; readonly way: string }[]
}

const sessions = new Map<Mode, Session>()
const cleanup = newCleanup()
let lines: ReadonlyMap<string, MatrixLine>

before(async () => {
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'kernelseal-compile-cache')
  const program = copyProgram()
  cleanup.add(program.close)
  sessions.set('disabled', await attackIn(program, 'disabled', attackers))
  sessions.set('enforce', await attackIn(program, 'enforce', attackers))
  sessions.set('audit', await attackIn(program, 'audit', [attackerOf('root')]))
  const runs = EVERY_ATTACKER.map((attacker) => ({
    attacker,
    unprotected: outcomesIn('disabled', attacker),
    protected: outcomesIn('enforce', attacker),
  }))
  lines = new Map(matrixOf(attempts, runs).map((line) => [line.id, line]))
})

after(cleanup.run)

async function attackIn(program: CanaryProgram, mode: Mode, by: readonly Attacker[]): Promise<Session> {
  const side = await openSealed(program, mode)
  cleanup.add(side.close)
  const outcomes = await attackSide(side, { attackers: by, ids: attempts.map(({ id }) => id) })
  const blocked = await side.agent.metric('kernelseal_access_blocked_total')
  const audited = await side.agent.metric('kernelseal_access_audit_total')
  const tier = await side.agent.tier()
  await side.close()
  return { outcomes, tier, blocked, audited, accesses: accessesIn(side.agent.log()) }
}

function accessesIn(log: string): Session['accesses'] {
  const records = log
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
  return records.filter(({ event }) => event === 'access')
}

const outcomesIn = (mode: Mode, attacker: AttackerName) => sessions.get(mode)!.outcomes.get(attacker)!
const outcomeOf = (mode: Mode, id: string) => outcomesIn(mode, 'root').get(id)!
const verdictOf = (id: string, attacker: AttackerName) => lines.get(id)!.verdicts.get(attacker)!

for (const { id, row, title, mayBeAbsent, takesFullRoot } of attempts) {
  test(`row ${row}, ${id}: works for root with mode disabled (${title})`, (context) => {
    const outcome = outcomeOf('disabled', id)
    if (outcome.kind === 'impossible' && mayBeAbsent) return context.skip(outcome.why)
    assert.equal(outcome.kind, 'leaked', JSON.stringify(outcome))
  })

  test(`row ${row}, ${id}: is refused to root, a container's root and the same user with mode enforce`, (context) => {
    const atRoot = verdictOf(id, 'root')
    if (atRoot.kind === 'skipped' && mayBeAbsent) return context.skip(atRoot.why)
    for (const attacker of POWERFUL) {
      const { kind, why } = verdictOf(id, attacker)
      const byKernel = attacker !== 'root' && takesFullRoot
      assert.ok(byKernel ? ['kernel', 'skipped'].includes(kind) : kind === 'refused', `${attacker}: ${kind}, ${why}`)
    }
  })

  test(`row ${row}, ${id}: obtains nothing for root without capabilities and for a stranger`, (context) => {
    if (verdictOf(id, 'root').kind === 'skipped') return context.skip('not to be had on this kernel')
    for (const attacker of ['uid:0', 'uid:65534'] as const) {
      const { kind, why } = verdictOf(id, attacker)
      const allowed = takesFullRoot ? ['kernel', 'skipped'] : ['kernel', 'refused']
      assert.ok(allowed.includes(kind), `${attacker}: ${kind}, ${why}`)
    }
  })

  test(`row ${row}, ${id}: works for root with mode audit`, (context) => {
    const outcome = outcomeOf('audit', id)
    if (outcome.kind === 'impossible' && mayBeAbsent) return context.skip(outcome.why)
    assert.equal(outcome.kind, 'leaked', JSON.stringify(outcome))
  })
}

const WAYS = ['environ', 'mem', 'maps', 'ptrace', 'perf']
const waysIn = (mode: Mode, action: string) =>
  new Set(
    sessions
      .get(mode)!
      .accesses.filter((access) => access.action === action)
      .map(({ way }) => way),
  )

test('mode enforce counts and reports blocked accesses, every way of them', () => {
  const refused = [...outcomesIn('enforce', 'root').values()].filter(({ kind }) => kind === 'refused').length
  assert.ok(sessions.get('enforce')!.blocked >= refused)
  for (const way of WAYS) assert.ok(waysIn('enforce', 'blocked').has(way), way)
})

test('mode audit blocks nothing, and counts and reports every way', () => {
  const { blocked, audited } = sessions.get('audit')!
  const leaked = [...outcomesIn('audit', 'root').values()].filter(({ kind }) => kind === 'leaked').length
  assert.equal(blocked, 0)
  assert.ok(audited >= leaked, `${audited} reported, ${leaked} let through`)
  for (const way of WAYS) assert.ok(waysIn('audit', 'audited').has(way), way)
})

test('mode disabled neither blocks nor reports', () => {
  const { blocked, audited, accesses } = sessions.get('disabled')!
  assert.deepEqual({ blocked, audited, accesses }, { blocked: 0, audited: 0, accesses: [] })
})

test('the tier is lsm where the kernel runs BPF security modules, and fmod_ret where it does not', () => {
  const expected = activeLsms()!.includes('bpf') ? 'lsm' : 'fmod_ret'
  for (const { tier } of sessions.values()) assert.equal(tier, expected)
})
