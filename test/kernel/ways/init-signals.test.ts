/** A sealed process that is the first of its PID namespace: a signal that the kernel drops for such a one does not end it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { constants } from 'node:os'
import { after, before, test } from 'node:test'
import { type Agent, startAgent } from '../../support/agent-under-test.ts'
import { PYTHON } from '../../support/sleeper.ts'

const SECRET = 'of-an-init-that-stays-81'
let agent: Agent

before(async () => {
  const config = `
version: v1
policy: { mode: enforce }
secrets:
  - { name: init, selector: { binary: ${PYTHON} }, secretRefs: [{ name: OWN, source: { envRef: SOURCE } }] }
`
  agent = await startAgent({ config, env: { SOURCE: SECRET } })
})
after(() => agent.stop())

const run = (command: string, args: readonly string[], env: Readonly<Record<string, string>>) =>
  spawnSync(command, args, { env: { PATH: '/usr/bin', ...env }, encoding: 'latin1' })

/** Sends itself a signal that it has blocked meanwhile, as an init is sent none that it would ignore; as the first of a PID namespace, or as it is. */
const PROGRAM = `
import ctypes, os, signal, sys
if sys.argv[1] == 'init':
    ctypes.CDLL(None).unshare(0x20000000) # CLONE_NEWPID
    child = os.fork()
    if child: sys.exit(print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
if sys.argv[2] == 'fault': ctypes.string_at(0)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGQUIT])
os.kill(os.getpid(), signal.SIGQUIT)
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGQUIT])
print(os.getpid(), len(os.environ['OWN']))
`
const signalled = (who: 'init' | 'other', what: 'quit' | 'fault', env: Readonly<Record<string, string>>) =>
  run(PYTHON, ['-c', PROGRAM, who, what], env)

test('a signal that an init ignores leaves a sealed one alive, as it does without a seal', () => {
  assert.equal(signalled('init', 'quit', { OWN: 'ab' }).stdout, '1 2\n0\n')
  assert.equal(signalled('init', 'quit', agent.placeholders).stdout, `1 ${SECRET.length}\n0\n`)
})

test('a fault ends such an init, and the same signal a process that is none', () => {
  assert.equal(signalled('init', 'fault', { OWN: 'ab' }).stdout, `-${constants.signals.SIGSEGV}\n`)
  assert.equal(signalled('init', 'fault', agent.placeholders).stdout, `-${constants.signals.SIGKILL}\n`)
  assert.equal(signalled('other', 'quit', { OWN: 'ab' }).signal, 'SIGQUIT')
  assert.equal(signalled('other', 'quit', agent.placeholders).signal, 'SIGKILL')
})
