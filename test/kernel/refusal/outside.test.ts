/** Processes outside of a Pod that a descriptor names: SO_PEERPIDFD of a process of the host gives one, here it is inherited. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { type Agent, eventually, kernelseal, printerConfig, startAgent } from '../../support/agent-under-test.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const PIDFD = ['/usr/bin/python3', new URL('pidfd.py', import.meta.url).pathname]
const OPEN = /^file: ok\nnamespace: (ok|absent)\njoin: ok\n$/
const REFUSED =
  /^file: Operation not permitted\nnamespace: (Oper.* permitted|Perm.*|absent)\njoin: Operation not permitted\n$/

let ofHost: ChildProcess
let space: PidNamespace

before(async () => {
  ofHost = spawn('unshare', ['--mount', 'sleep', 'infinity'])
  space = await pidNamespace()
})

after(async () => {
  ofHost.kill('SIGKILL')
  await space.end()
  kernelseal(['unload', '--force'])
})

/** @param before what brings the holder to where it reaches from */
function reached(before: readonly string[]): string {
  const [program = '', ...args] = [...PIDFD, 'hold', String(ofHost.pid), ...before, ...PIDFD, 'reach']
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'latin1' })
  return stdout || stderr
}

test('a Pod reaches no process outside of it by a pidfd, and its own as before', async () => {
  const joins = ['/usr/bin/nsenter', `--mount=/proc/${ofHost.pid}/ns/mnt`, '/bin/true']
  const looks = ['/bin/ls', '-l', `/proc/${ofHost.pid}/exe`, `/proc/${ofHost.pid}/ns/mnt`]
  assert.match(reached(space.enter), OPEN, 'without protection the attempt works')
  assert.equal(space.run(joins).status, 0)
  const agent: Agent = await startAgent({
    config: printerConfig('mode: enforce'),
    env: { SOURCE: 'outside-7a' },
    args: space.args,
  })
  assert.match(reached(space.enter), REFUSED)
  assert.match(space.run(joins).stderr, /Operation not permitted|Permission denied/, 'by the host’s procfs too')
  assert.equal(space.run(looks).status, 0, 'looks at it go on')
  await eventually('the event', () => agent.events().some((e) => e.way === 'ptrace' && e.action === 'blocked'))
  assert.match(space.run([...PIDFD, 'child']).stdout, OPEN, 'its own processes')
  assert.match(space.run(['unshare', '--pid', '--fork', ...PIDFD, 'child']).stdout, OPEN, 'also in one below')
  assert.match(reached([]), OPEN, 'processes in no scope')
  await agent.stop()
})
