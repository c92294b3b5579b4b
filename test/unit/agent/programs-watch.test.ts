/** The agent's words while the kernel calls no program, and when it withholds values and gives them back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchPrograms } from '../../../agent/canary/programs-watch.ts'
import type { Log } from '../../../agent/events/sinks/log.ts'
import { eventually } from '../../../agent/linux/poll.ts'

test('a second after the word is written values are withheld, once, and given back when it is taken back', async () => {
  let text: string | undefined = '1\n'
  const done: string[] = []
  const log = {
    write: ({ fields }: { fields: Record<string, unknown> }) => void done.push(String(fields.event)),
    say: (level: string) => void done.push(level),
  } as unknown as Log
  const withhold = () => {
    done.push('withheld')
    return () => void done.push('given back')
  }
  const recheck = async () => void done.push('tried')
  const watch = watchPrograms({ log, withhold, recheck, pinned: undefined, read: () => text })
  assert.equal(watch.broken(), undefined)
  text = '0\n'
  assert.ok(await eventually(() => watch.broken() !== undefined, 2_000, [20, 20]))
  assert.match(watch.broken() ?? '', /ftrace_enabled.* is 0/)
  text = undefined // a kernel without the setting is not one where it is off
  assert.ok(await eventually(() => watch.broken() === undefined, 2_000, [20, 20]))
  watch.close()
  assert.deepEqual(done, ['withheld', 'protection-lost', 'given back', 'info', 'tried'])
})
