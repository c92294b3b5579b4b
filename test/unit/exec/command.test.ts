import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { runCommand } from '../../../agent/exec/command.ts'
import { RUNTIME_OPTIONS } from '../../../agent/linux/runtime.ts'

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

  it('gets SIGUSR1 too, which Node blocks under the options of agent/kernelseal, and does not hand down blocked', async () => {
    const module = new URL('../../../agent/exec/command.ts', import.meta.url).href
    const script = 'trap "exit 6" USR1; echo ready; while :; do sleep 0.1; done'
    const outer = `import { runCommand } from '${module}'
      process.exit(await runCommand(['sh', '-c', '${script}'], { PATH: '${process.env.PATH}' }, () => {}))`
    const child = spawn(process.execPath, [...RUNTIME_OPTIONS, '--input-type=module', '--eval', outer])
    await once(child.stdout, 'data')
    child.kill('SIGUSR1')
    assert.deepEqual(await once(child, 'exit'), [6, null])
  })
})
