/** Resident memory of this very process: pages that a collection emptied go back to the system. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { giveBack } from '../../../../webhook/budget/give-back.ts'

const resident = (): number => process.memoryUsage.rss() / 2 ** 20

/** Megabytes of objects, some of which live until the end, as beside a flood. */
function flood(): void {
  const waste: object[] = []
  for (let n = 0; n < 1_000_000; n++) waste.push({ n, text: `flood ${n}` })
}

it('V8 keeps them after an ordinary collection, and gives them back when this module collects', async (test) => {
  setFlagsFromString('--expose-gc')
  const ordinary = runInNewContext('gc') as (options: object) => void
  ordinary({ type: 'major', flavor: 'last-resort', execution: 'sync' })
  const before = resident()
  flood()
  ordinary({ type: 'major', execution: 'sync' })
  await sleep(500)
  const kept = resident()
  test.mock.timers.enable({ apis: ['setInterval'] })
  let worked = 0
  const stop = giveBack({ highest: () => 0 }, 1, { worked: () => worked })
  worked = 1_000
  test.mock.timers.tick(60_000)
  for (let n = 0; n < 100 && resident() > before + 20; n++) await sleep(100)
  stop()
  const after = resident()
  test.diagnostic(`${before.toFixed(0)} MB, ${kept.toFixed(0)} after an ordinary collection, then ${after.toFixed(0)}`)
  assert.ok(kept > before + 30, `${before}, then ${kept} MB`)
  assert.ok(after <= before + 20, `${before}, then ${after} MB`)
})
