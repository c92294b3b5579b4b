/** A short sweep as users start it: without protection the needles are found by many ways, on a sealed process by none. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { families } from '../../agent/attack/sweep/families.ts'

const KERNELSEAL = new URL('../../node_modules/.bin/kernelseal', import.meta.url).pathname
/** Ways that a sweep has to find for its silence to mean anything. */
const LEAST_WAYS = 25
const BUDGET_SECONDS = process.env.SWEEP_BUDGET ?? '240'

const sweep = (...args: string[]) =>
  spawnSync(KERNELSEAL, ['attack', '--sweep', '--json', ...args], { encoding: 'utf8', maxBuffer: 1 << 26 })

test('the sweep finds the needles by at least 25 ways without protection, and by none on a sealed process', () => {
  const { status, stdout, stderr } = sweep('--as', 'root', '--budget', BUDGET_SECONDS)
  assert.equal(status, 0, `${stderr.slice(-4000)}\n${stdout.slice(-4000)}`)
  const { ways, tried } = JSON.parse(stdout)
  assert.deepEqual(ways.sealed, [])
  assert.ok(ways.unprotected.length >= LEAST_WAYS, `${ways.unprotected.length}: ${ways.unprotected.join(', ')}`)
  for (const side of [tried.unprotected, tried.sealed]) {
    assert.deepEqual(
      side.map(({ family }: { family: string }) => family),
      families.map(({ name }) => name),
    )
    for (const { family, taken } of side) assert.ok(taken > 0, `nothing of ${family}`)
  }
})

for (const args of [
  ['--seed', '0'],
  ['--budget', 'soon'],
  ['--budget', '-1'],
  ['--as', 'kernel'],
]) {
  test(`\`${args.join(' ')}\` is a wrong usage, and starts nothing`, () => {
    const { status, stderr } = sweep(...args)
    assert.equal(status, 2)
    assert.match(stderr, new RegExp(args[0]!))
  })
}
