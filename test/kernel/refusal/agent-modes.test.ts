/**
 * Row 12 in every mode: the agent is guarded in each alike, since the mode is one of the workload. Each attempt is first shown to
 * work on a stand-in: a process with the agent's user and capabilities that nothing guards.
 */
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Outcome } from '../../../agent/attack/attempt.ts'
import { attemptsOfRows } from '../../../agent/attack/attempts/suite.ts'
import { attackerOf } from '../../../agent/attack/runner/attackers.ts'
import { newCleanup } from '../../../agent/attack/targets/cleanup.ts'
import { copyProgram } from '../../../agent/attack/targets/program.ts'
import { openSealed } from '../../../agent/attack/targets/sealed.ts'
import { attackSide, type Side } from '../../../agent/attack/targets/side.ts'
import { openUnprotected } from '../../../agent/attack/targets/unprotected.ts'
import type { Mode } from '../../../agent/policy/types.ts'

const MODES: readonly Mode[] = ['disabled', 'audit', 'enforce']
const attempts = attemptsOfRows([12])
/** Of a sidecar alone: its secrets' folder, and its control group, which on a whole machine is the service manager's to write. */
const ABSENT_ON_HOST = new Set(['agent-secrets', 'agent-group'])

const cleanup = newCleanup()
const program = copyProgram()
cleanup.add(program.close)
const onAgent = new Map<Mode, ReadonlyMap<string, Outcome>>()
let onStandIn: ReadonlyMap<string, Outcome>

before(async () => {
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'kernelseal-compile-cache')
  onStandIn = await attackAgentOf(openUnprotected(program))
  for (const mode of MODES) onAgent.set(mode, await attackAgentOf(await openSealed(program, mode)))
})

after(cleanup.run)

async function attackAgentOf(side: Side): Promise<ReadonlyMap<string, Outcome>> {
  cleanup.add(side.close)
  const attackers = [attackerOf('root')]
  const outcomes = await attackSide(side, { attackers, ids: attempts.map(({ id }) => id), disruptive: true })
  await side.close()
  return outcomes.get('root')!
}

for (const { id, title, proof } of attempts) {
  test(`${id}: works on a process that is not guarded (${title})`, (context) => {
    const outcome = onStandIn.get(id)!
    if (ABSENT_ON_HOST.has(id)) return context.skip('no sidecar')
    assert.equal(outcome.kind, 'leaked', JSON.stringify(outcome))
  })

  for (const mode of MODES) {
    test(`${id}: is refused with mode ${mode}`, (context) => {
      const outcome = onAgent.get(mode)!.get(id)!
      if (ABSENT_ON_HOST.has(id)) return context.skip('no sidecar')
      const expected = proof === 'absence' ? 'empty' : 'refused'
      assert.equal(outcome.kind, expected, JSON.stringify(outcome))
    })
  }
}
