import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { it } from 'node:test'
import { leftIn, openLeftPlaceholders } from '../../../agent/delivery/left-placeholders.ts'
import { statFields } from '../../../agent/linux/procfs.ts'
import { placeholder, slotsOf } from '../../../agent/policy/secrets/placeholder.ts'
import { scopeNumber } from '../../../agent/scope/scope.ts'

const whole = placeholder(slotsOf('5e'.repeat(16))('', 'TOKEN'), 1024)
const environ = (...strings: string[]): string => strings.map((string) => `${string}\0`).join('')

it('a placeholder that lost its end is cut, and a whole one is not', () => {
  assert.deepEqual(leftIn(environ('HOME=/root', `TOKEN=${whole.slice(0, 987)}`, `OTHER=${whole}`)), [
    { variable: 'TOKEN', bytes: 987, isCut: true },
    { variable: 'OTHER', bytes: 1024, isCut: false },
  ])
})

it('other text is none, also with a placeholder in it, and of many four are told', () => {
  assert.deepEqual(leftIn(environ(`DSN=db:${whole}`, 'A=kernelseal:v2:', '=kernelseal:v1:x', 'kernelseal:v1:')), [])
  const many = Array.from({ length: 9 }, (_, i) => `V${i}=kernelseal:v1:`)
  assert.deepEqual(
    leftIn(environ(...many)).map(({ variable }) => variable),
    ['V0', 'V1', 'V2', 'V3'],
  )
})

it('is looked for in the process that started then, and in no other with its number', async () => {
  const child = spawn('/usr/bin/sleep', ['100'], { env: { TOKEN: whole.slice(0, 987) } })
  await once(child, 'spawn')
  const pid = child.pid as number
  const start = BigInt(statFields(pid)(22) as string) * 10_000_000n
  const task = { pid, nsPid: pid, tid: pid, uid: 0, comm: 'sleep', start, lineage: 'unknown' } as const
  const left = openLeftPlaceholders(scopeNumber())
  assert.deepEqual(left(task), [{ variable: 'TOKEN', bytes: 987, isCut: true }])
  assert.deepEqual(left({ ...task, start: start + 10_000_000n }), [])
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.deepEqual(left(task), [])
})
