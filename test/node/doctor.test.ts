/** Before anything is installed: `kubectl apply -k deploy/doctor` says whether the node can enforce. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { shipped } from './node.ts'

it('the doctor finds that the node can enforce', async () => {
  const { ended, said } = await shipped('doctor')
  assert.equal(ended, 'Complete', said)
  assert.match(said, /^This node can enforce/m)
  assert.doesNotMatch(said, /^FAIL/m)
})
