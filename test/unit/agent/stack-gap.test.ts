import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readSync } from 'node:fs'
import { test } from 'node:test'
import { fillStackGap, pagesOfGap } from '../../../agent/linux/stack-gap.ts'

/** How likely such a page is depends on where in a page the strings begin: up to every second process, one of eight on the whole. */
const environment = (tries: number) => ({ PATH: process.env.PATH, FILL: 'x'.repeat((tries * 64) % 4096) })

test('the page of a stack that the kernel left without memory has some afterwards', async () => {
  for (let tries = 0; tries < 256; tries++) {
    const child = spawn('sh', ['-c', 'echo; read line'], {
      env: environment(tries),
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    try {
      await once(child.stdout, 'data')
      const pid = child.pid as number
      if (pagesOfGap(pid).every((page) => isPresent(pid, page))) continue
      fillStackGap(pid)
      assert.deepEqual(
        pagesOfGap(pid).filter((page) => !isPresent(pid, page)),
        [],
      )
      return
    } finally {
      child.kill('SIGKILL')
    }
  }
  assert.fail('none of 256 processes had such a page')
})

test('a process that is gone is no error', () => {
  fillStackGap(4_194_304)
})

/** Bit 63 of the page's entry in /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst). */
function isPresent(pid: number, page: number): boolean {
  const pagemap = openSync(`/proc/${pid}/pagemap`, 'r')
  try {
    const entry = Buffer.alloc(8)
    readSync(pagemap, entry, 0, 8, (page / 4096) * 8)
    return entry.readBigUInt64LE() >> 63n === 1n
  } finally {
    closeSync(pagemap)
  }
}
