/**
 * A refusal proves nothing if the attack never worked: each attempt must really obtain the needle of a canary nobody
 * protects, as root. What a kernel cannot do at all has to be listed here.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { attack, type Outcomes } from '../../agent/attack/attacker.ts'
import { type Canary, startCanary } from '../../agent/attack/canary.ts'
import { attemptsOfRows } from '../../agent/attack/suite.ts'

const attempts = attemptsOfRows([1, 2, 3, 5])
const ids = attempts.map(({ id }) => id)

/** `numa_maps` and `io_uring` are build options; `openat2` and the calls numbered above it came with 5.x. */
const MAY_BE_ABSENT = new Set(['numa-maps', 'environ-io-uring', 'mem-io-uring'])

let canary: Canary
let asRoot: Outcomes
let asStranger: Outcomes

before(async () => {
  canary = await startCanary('container-root')
  asRoot = await attack(canary.target, 'root', ids)
  asStranger = await attack(canary.target, 'uid:65534', ids)
})

after(async () => {
  await canary?.close()
})

for (const { id, row, title } of attempts) {
  test(`row ${row}, ${id}: leaks to full root (${title})`, (context) => {
    const outcome = asRoot.get(id)!
    if (outcome.kind === 'impossible' && MAY_BE_ABSENT.has(id)) return context.skip(outcome.why)
    assert.equal(outcome.kind, 'leaked', JSON.stringify(outcome))
  })
}

test('a stranger without capabilities obtains nothing, and no attempt ends in an error', () => {
  for (const [id, { kind }] of asStranger) assert.ok(['refused', 'impossible'].includes(kind), `${id}: ${kind}`)
})

test('the canary survives the whole suite', () => {
  process.kill(canary.pid, 0)
})
