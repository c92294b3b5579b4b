/** Pods that multiply their names, lists and texts; most ended such a process, or held it for seconds and minutes. */
import { describe, it } from 'node:test'
import { assertAnswered } from './answered.ts'
import { PODS } from './pods.ts'

describe('a Pod that asks for much', () => {
  for (const [what, make] of Object.entries(PODS))
    it(`of ${what} is answered at once`, (test) => assertAnswered(test, make()))
})
