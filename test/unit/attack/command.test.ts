import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attack } from '../../../agent/cli/attack.ts'
import { UsageError } from '../../../agent/policy/text/problems.ts'

const refusals: [args: string[], why: RegExp][] = [
  [['--rows', '16'], /there is no row `16`; there are 1, 2, 3/],
  [['--attempt', 'environ-pit'], /there is no `environ-pit` \(did you mean `environ-pid`\?\)/],
  [['--attempt', 'environ-pid', '--rows', '1'], /give --rows or --attempt, not both/],
  [['--rows', ''], /there is no row ``/],
  [['--rows', '1,x'], /there is no row `x`/],
  [['--as', 'admin'], /--as: unknown attacker `admin`.*same-uid/],
  [['--mode', 'on'], /--mode is `disabled`, `audit` or `enforce`, not `on`/],
]

for (const [args, why] of refusals) {
  test(`${args.join(' ')} is refused before anything is started`, async () => {
    await assert.rejects(attack.run(args), (error) => error instanceof UsageError && why.test(error.message))
  })
}

test('the help documents every verdict and every exit status', () => {
  for (const word of ['refused', 'LEAKED', 'kernel', 'unproved', 'skipped', 'Exit status: 0', '1 when', '2 when']) {
    assert.ok(attack.help.includes(word), word)
  }
})
