/** Fanotify inside a scope: the file of an event lies on the opener's mount, and from there the opener's root is a path away. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { after, afterEach, before, test } from 'node:test'
import { keepProgramsLoaded, unloadLeft } from '../../support/agent/kept-programs.ts'
import { type Agent, eventually, printerConfig, startAgent } from '../../support/agent-under-test.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

keepProgramsLoaded()

const LISTEN = new URL('listen.py', import.meta.url).pathname
/** One file system for the machine, which containers see too. */
const SHARED = '/sys/fs/cgroup'
const OWN = mkdtempSync('/tmp/kernelseal-listened-')
const REFUSED = 'Operation not permitted'

let opener: ChildProcess
let space: PidNamespace
let agent: Agent | undefined

before(() => {
  opener = spawn('/bin/sh', ['-c', `while :; do ls ${SHARED} >/dev/null; sleep 0.5; done`], { stdio: 'ignore' })
})

after(() => {
  opener.kill('SIGKILL')
})

afterEach(async () => {
  await agent?.stop()
  agent = undefined
  await space.end()
  await unloadLeft()
})

const command = (how: string, path: string) => ['/usr/bin/python3', LISTEN, how, path]
const inside = (how: string, path = SHARED) => space.run(command(how, path)).stdout.trim()
/** In a mount namespace of its own, as a container's, but in no scope. */
const outside = (how: string, path = SHARED) =>
  spawnSync('unshare', ['--mount', ...command(how, path)], { encoding: 'latin1' }).stdout.trim()
const start = (policy: string): Promise<Agent> =>
  startAgent({ config: printerConfig(policy), env: { SOURCE: 'listener-61' }, args: space.args })

test('a listener in a scope is handed no file of another mount namespace, and asks no questions', async () => {
  space = await pidNamespace()
  assert.equal(inside('inode'), 'foreign', 'without protection the attempt works')
  assert.equal(inside('whole'), 'foreign')
  assert.equal(inside('question'), 'marked')
  agent = await start('mode: enforce')
  for (const how of ['inode', 'whole', 'question']) assert.equal(inside(how), REFUSED, how)
  await eventually('the event', () => agent?.events().some((e) => e.way === 'notify' && e.action === 'blocked'))
  assert.equal(inside('own', OWN), 'own', 'what its own mount namespace opens')
  assert.equal(outside('inode'), 'foreign', 'in no scope all is as before')
  assert.equal(outside('whole'), 'foreign')
  assert.equal(outside('question'), 'marked')
})

test('kernelControl leaves whole file systems and questions to a scope, and not the files of others', async () => {
  space = await pidNamespace()
  agent = await start('mode: enforce, kernelControl: [file-handles]')
  assert.equal(inside('question'), 'marked')
  assert.equal(inside('whole'), REFUSED, 'the file')
  assert.equal(inside('own', OWN), 'own')
})
