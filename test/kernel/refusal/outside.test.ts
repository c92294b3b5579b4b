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
let agent: Agent | undefined

before(async () => {
  ofHost = spawn('unshare', ['--mount', 'sleep', 'infinity'])
  space = await pidNamespace()
})

after(async () => {
  await agent?.stop()
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
  agent = await startAgent({
    config: printerConfig('mode: enforce'),
    env: { SOURCE: 'outside-7a' },
    args: space.args,
  })
  assert.match(reached(space.enter), REFUSED)
  // 5.10 opens the folder of the refused namespace in its place (proc_ns_get_link, fs/proc/namespaces.c), and joins nothing.
  const refusal =
    /Operation not permitted|Permission denied|reassociate to namespace 'ns\/mnt' failed: Invalid argument/
  assert.match(space.run(joins).stderr, refusal, 'by the host’s procfs too')
  assert.equal(space.run(looks).status, 0, 'looks at it go on')
  await eventually('the event', () => agent?.events().some((e) => e.way === 'ptrace' && e.action === 'blocked'))
  assert.match(space.run([...PIDFD, 'child']).stdout, OPEN, 'its own processes')
  assert.match(space.run(['unshare', '--pid', '--fork', ...PIDFD, 'child']).stdout, OPEN, 'also in one below')
  assert.match(reached([]), OPEN, 'processes in no scope')
})
