/**
 * A container's init that is in another mount namespace by now: the runtime brings `kubectl exec` into that one, and what it
 * brings is a visitor all the same.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { admitted } from '../../support/admitted.ts'
import { type Agent, startAgent } from '../../support/agent-under-test.ts'
import { type Container, endContainers, startContainer } from '../../support/containers.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const SECRET = 'of-the-workload-alone-41'
const BINDINGS = `
- name: printer
  selector: { binary: /usr/bin/printenv, withoutPlaceholder: add }
  secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
/** Takes the place of a container's shell, and goes on listening. */
const LISTEN = 'echo over; while read -r line; do eval "$line"; done'
/** unshare(2) with CLONE_NEWNS, as often as it is told. */
const UNSHARE = `for (1..shift) { syscall(272, 0x20000) and die $! }`
let namespace: PidNamespace
let agent: Agent

before(async () => {
  namespace = await pidNamespace()
  agent = await startAgent({
    annotations: admitted(BINDINGS),
    env: { SOURCE: SECRET },
    args: namespace.args,
  })
})
after(async () => {
  endContainers()
  await agent.stop()
  await namespace.end()
})

async function container(): Promise<Container> {
  const app = startContainer(namespace, { LISTEN, UNSHARE })
  await app.begun()
  assert.equal(await app.ask('printenv TOKEN'), SECRET)
  return app
}

/** As a runtime does for `kubectl exec`: from outside, into the namespaces that the container's init has now. */
const visit = async (app: Container): Promise<string> => {
  const into = ['--target', String(await app.pid()), '--mount', '--pid']
  const { stdout, stderr } = spawnSync('nsenter', [...into, '/usr/bin/printenv', 'TOKEN'], {
    env: {},
    encoding: 'latin1',
  })
  assert.equal(stderr, '')
  return stdout
}

const GONE_ON = 'bash -c "$LISTEN"'

test('what comes into a mount namespace that a container’s init made itself is no entrypoint', async () => {
  const app = await container()
  assert.equal(await visit(app), '')
  await app.ask(`exec unshare --mount ${GONE_ON}`)
  for (let i = 0; i < 2; i++) assert.equal(await visit(app), '')
  await app.end()
})

// Not the machine's own: that is refused (refusal/outside.test.ts).
test('what comes into a mount namespace that a container’s init joined, another container’s, is no entrypoint', async () => {
  const [app, other] = [await container(), await container()]
  await app.ask(`exec nsenter --mount=/proc/${await other.pid()}/ns/mnt ${GONE_ON}`)
  for (let i = 0; i < 2; i++) assert.equal(await visit(app), '')
  for (const each of [app, other]) await each.end()
})

test('a child that clone(2) gives a namespace of its own takes nobody’s place either', async () => {
  const app = await container()
  // clone (56) with CLONE_NEWNS and SIGCHLD; the parent joins its child: pidfd_open (434), setns (308)
  const clone = [
    'my $child = syscall(56, 0x20011, 0, 0, 0, 0); if (!$child) { sleep 600; exit }',
    'syscall(308, syscall(434, $child, 0), 0x20000) and die $!; exec "bash", "-c", $ENV{LISTEN}',
  ].join(' ')
  await app.ask(`exec perl -e '${clone}'`)
  assert.equal(await visit(app), '')
  await app.end()
})

test('however many namespaces a container makes, the next one that starts has its values, and the old ones no entrypoint', async () => {
  const first = await container()
  await first.ask('exec unshare --mount bash -c "$LISTEN"')
  const second = await container()
  await second.ask('perl -e "$UNSHARE" 1200')
  const third = await container()
  assert.equal(await visit(first), '')
  for (const app of [first, second, third]) await app.end()
})
