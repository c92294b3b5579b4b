/**
 * `node scopes.ts FROM TO`: registers scopes with these numbers, as agents of other Pods do, with ten variables each. Numbers
 * this small are no PID namespace's. Ends when they stand; they stay as long as the pins.
 */

import { openCounters } from '../../../agent/node/counters.ts'
import { openGuard } from '../../../agent/node/guard.ts'
import { parseConfig } from '../../../agent/policy/parse.ts'
import { variablesOf } from '../../../agent/policy/secrets/variables.ts'
import { entriesOf } from '../../../agent/scope/entries.ts'
import { resolveAll } from '../../../agent/sources/resolve.ts'
import { openSources } from '../../../agent/sources/sources.ts'

const names = Array.from({ length: 10 }, (_, i) => `NEIGHBOUR_${i}`)
const text = JSON.stringify({
  version: 'v1',
  policy: { mode: 'enforce' },
  secrets: [
    {
      name: 'neighbour',
      selector: { binary: '/usr/bin/neighbour' },
      secretRefs: names.map((name) => ({ name, source: { value: `value of ${name}` } })),
    },
  ],
})

const [from = 0, to = 0] = process.argv.slice(2).map(Number)
const { config } = parseConfig(text, 'neighbour')
const values = await resolveAll(config, openSources())
const guard = await openGuard(0)
guard.enroll(from)
for (let scope = from; scope < to; scope++) {
  const variables = variablesOf(config, ['app'], scope.toString(16).padStart(32, '0'))
  openCounters(guard.map('counters'), scope)
  for (const { map, key, value } of entriesOf({ scope, host: false, config, variables, values, generation: 1 })) {
    guard.map(map).set(key, value)
  }
}
guard.close()
