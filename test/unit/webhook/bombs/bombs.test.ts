/** Before there were limits on the way, the first and third ended such a process and the template one held it for seconds. */
import { describe, it } from 'node:test'
import { assertAnswered } from './answered.ts'
import { BOMBS } from './bombs.ts'

describe('a request that asks for much', () => {
  for (const [what, make] of Object.entries(BOMBS))
    it(`of ${what} is answered at once`, (test) => assertAnswered(test, make()))
})
