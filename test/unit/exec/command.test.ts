import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { runCommand } from '../../../agent/exec/command.ts'

const said: string[] = []
const run = (...command: string[]) => runCommand(command, { PATH: process.env.PATH ?? '' }, (text) => said.push(text))

describe('the command under `kernelseal exec`', () => {
  it('gives its exit status', async () => assert.equal(await run('sh', '-c', 'exit 3'), 3))
  it('gives 128 and the number of the signal that ended it', async () =>
    assert.equal(await run('sh', '-c', 'kill -KILL $$'), 137))
  it('gives 127 where there is no such command, and says so', async () => {
    assert.equal(await run('/nothing/there'), 127)
    assert.deepEqual(said, ['`/nothing/there` is not found'])
  })
  it('gives 126 where it is none', async () => assert.equal(await run('/etc/passwd'), 126))

  it('gets the signals that its parent gets', async () => {
    const ended = run('sh', '-c', 'trap "exit 5" HUP; while :; do sleep 0.1; done')
    await sleep(300)
    process.kill(process.pid, 'SIGHUP')
    assert.equal(await ended, 5)
  })
})
