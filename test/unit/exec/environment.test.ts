import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { memoryOf, takeVariables, wipe } from '../../../agent/exec/environment.ts'

const strings = () => Buffer.from('A=1\0SECRET=hunter2\0NOT_SECRET=hunter2\0LAST=x\0')
const MODULE = join(import.meta.dirname, '../../../agent/exec/environment.ts')

describe('the environment on its way to the agent', () => {
  it('loses the values of the sources where it stands, and nothing else', () => {
    const block = strings()
    wipe(block, ['SECRET', 'ABSENT'])
    assert.equal(block.toString(), 'A=1\0SECRET=\0\0\0\0\0\0\0\0NOT_SECRET=hunter2\0LAST=x\0')
  })

  it('arrives through a memory file, by name', () => {
    takeVariables(memoryOf(strings()), ['SECRET', 'LAST', 'ABSENT'])
    assert.deepEqual(
      [process.env.SECRET, process.env.LAST, process.env.ABSENT, process.env.A],
      ['hunter2', 'x', undefined, undefined],
    )
  })

  it('is the one the kernel shows in /proc/self/environ, which then shows it no more', () => {
    const script = `
      import { readFileSync } from 'node:fs'
      import { ownEnvironment, wipe } from '${MODULE}'
      wipe(ownEnvironment(), ['SECRET'])
      process.stdout.write(readFileSync('/proc/self/environ'))`
    const env = { PATH: process.env.PATH, SECRET: 'hunter2', OTHER: 'stays' }
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env,
      encoding: 'utf8',
    })
    assert.match(stdout, /SECRET=\0+.*OTHER=stays/s, stderr)
    assert.ok(!stdout.includes('hunter2'))
  })
})
