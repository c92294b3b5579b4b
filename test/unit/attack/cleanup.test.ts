import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newCleanup } from '../../../agent/attack/targets/cleanup.ts'

test('the last opened is closed first, each once', async () => {
  const closed: string[] = []
  const cleanup = newCleanup()
  for (const name of ['first', 'second']) cleanup.add(() => void closed.push(name))
  await cleanup.run()
  await cleanup.run()
  assert.deepEqual(closed, ['second', 'first'])
})

test('a failure to close keeps nothing else open', async () => {
  const closed: string[] = []
  const cleanup = newCleanup()
  cleanup.add(() => void closed.push('first'))
  cleanup.add(() => Promise.reject(new Error('stuck')))
  cleanup.add(() => {
    throw new Error('stuck')
  })
  await cleanup.run()
  assert.deepEqual(closed, ['first'])
})
