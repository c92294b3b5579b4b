import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { test } from 'node:test'
import { startCanary } from '../../../agent/attack/targets/canary.ts'

const PAGE = 4096

/** Fields 28 and 51, start_stack and env_end (proc_pid_stat(5)): the range that a sample of the stack has to cover. */
function stackOf(pid: number): { from: number; to: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  return { from: fields[28 - 3]!, to: fields[51 - 3]! }
}

/** Bit 63 of a page's entry in pagemap: it is there. */
function isPresent(pagemap: number, page: number): boolean {
  const entry = Buffer.alloc(8)
  readSync(pagemap, entry, 0, 8, page * 8)
  return entry.readBigUInt64LE() >> 63n === 1n
}

test('between the stack of a canary and its environment is no page that is not there', async () => {
  for (let round = 0; round < 12; round++) {
    const canary = await startCanary('root')
    const pagemap = openSync(`/proc/${canary.pid}/pagemap`, 'r')
    try {
      const { from, to } = stackOf(canary.pid)
      for (let page = Math.floor(from / PAGE); page * PAGE < to; page++) assert.ok(isPresent(pagemap, page))
    } finally {
      closeSync(pagemap)
      await canary.close()
    }
  }
})
