/**
 * A refusal proves nothing if the attack never worked: each attempt must really obtain the needle of an unprotected
 * canary, as root. Attempts that a kernel cannot do at all have to be listed here. Changes `core_pattern` and loads
 * BPF objects: for the VM.
 */
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Attempt } from '../../agent/attack/attempt.ts'
import { attempts } from '../../agent/attack/attempts/suite.ts'
import { attack, type Outcomes } from '../../agent/attack/runner/attacker.ts'
import { type Canary, newNeedle, startCanary } from '../../agent/attack/targets/canary.ts'
import { type Decoy, plantDecoys } from '../../agent/attack/targets/decoy.ts'

const contrasts = attempts.filter(({ proof }) => proof !== 'control')
const controls = attempts.filter(({ proof }) => proof === 'control')

/** What a stand-in does not have, and a file of the kernel that a build option leaves out. */
const NOT_HERE = new Set(['kcore', 'agent-secrets', 'bpf-pins'])
const maySkip = ({ id, mayBeAbsent }: Attempt): boolean => mayBeAbsent === true || NOT_HERE.has(id)

let canary: Canary
let agent: Canary
let decoys: Decoy
let asRoot: Outcomes
let asStranger: Outcomes

before(async () => {
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'kernelseal-compile-cache')
  canary = await startCanary('container-root')
  agent = await startCanary('container-root', newNeedle(), ['/bin/sleep', '600'])
  decoys = plantDecoys(canary.target.needle)
  const target = { ...canary.target, agentPid: agent.pid }
  const quick = attempts.filter(({ row }) => row <= 3).map(({ id }) => id)
  asStranger = await attack(target, 'uid:65534', quick)
  asRoot = await attack(
    { ...target, disruptive: true },
    'root',
    attempts.map(({ id }) => id),
  )
})

after(async () => {
  decoys?.close()
  await agent?.close()
  await canary?.close()
})

for (const attempt of contrasts) {
  const { id, row, title } = attempt
  test(`row ${row}, ${id}: leaks to full root (${title})`, (context) => {
    const outcome = asRoot.get(id)!
    if (outcome.kind === 'impossible' && maySkip(attempt)) return context.skip(outcome.why)
    assert.equal(outcome.kind, 'leaked', JSON.stringify(outcome))
  })
}

for (const attempt of controls) {
  const { id, row, title } = attempt
  test(`row ${row}, ${id}: obtains nothing on any kernel (${title})`, (context) => {
    const outcome = asRoot.get(id)!
    if (outcome.kind === 'impossible' && maySkip(attempt)) return context.skip(outcome.why)
    assert.equal(outcome.kind, 'empty', JSON.stringify(outcome))
  })
}

test('a stranger without capabilities is refused by the kernel wherever he needs no mount', () => {
  const mounts = /^environ-(second|bind|detached|open-tree)|io-uring$/
  for (const [id, { kind }] of asStranger) {
    if (!mounts.test(id)) assert.equal(kind, 'refused', id)
    else assert.ok(['refused', 'impossible'].includes(kind), `${id}: ${kind}`)
  }
})

test('the canary survives the whole suite', () => {
  process.kill(canary.pid, 0)
})
