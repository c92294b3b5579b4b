/**
 * The volumes of the agent's container while that starts again: the runtime has mounted them, and its process in the Pod waits. Closed to
 * the Pod in every mode, as the agent's own are.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { admitted } from '../../support/admitted.ts'
import { type AgentImage, agentImage } from '../../support/agent-image.ts'
import { eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'
import { type Container, endContainers, startContainer } from '../../support/containers.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'
import { type Starting, startingIn } from '../../support/starting/starting.ts'

const SECRET = 'of-the-secret-volume-31'
const bindings = (mode: string) => `
version: v1
policy: { mode: ${mode} }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv, container: app }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
const VOLUME = '/media/password'
const MOUNT = `mount -t tmpfs none /media && echo ${SECRET} >${VOLUME}`

let image: AgentImage
let space: PidNamespace
let other: Container
before(() => {
  image = agentImage()
})
after(async () => {
  endContainers()
  await space.end()
  kernelseal(['unload', '--force'])
})

/** A Pod whose agent has just been ended, as the kernel does that is out of memory, and whose container starts again. */
async function again(mode: string): Promise<Starting> {
  space = await pidNamespace()
  const source = { annotations: admitted(bindings(mode)), env: { SOURCE: SECRET } }
  const { pid } = await startAgent({ ...source, program: image.agent(space.init) })
  other = startContainer(space, {})
  await other.begun()
  await other.ask('mount -t proc proc /proc')
  const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1'))
  process.kill(child, 'SIGKILL')
  await eventually('its end', () => !existsSync(`/proc/${child}`))
  return startingIn(space, ['/usr/bin/sleep', '600'], {}, MOUNT)
}

for (const mode of ['disabled', 'audit', 'enforce'])
  test(`with mode ${mode} the Pod has no way to the mounts that the runtime made for the agent’s container`, async () => {
    const target = await again(mode)
    assert.equal(existsSync(VOLUME), false)
    assert.equal(readFileSync(`/proc/${target.outer}/root${VOLUME}`, 'latin1'), `${SECRET}\n`)
    assert.match(await other.ask('ls /proc/self/root'), /^media$/m)
    for (const link of ['root', 'cwd', 'ns/mnt'])
      assert.match(await other.ask(`ls /proc/${target.inner}/${link}/ 2>&1`), /denied|not permitted/, link)
    assert.match(await other.ask(`cat /proc/${target.inner}/root${VOLUME} 2>&1`), /denied|not permitted/)
    target.kill()
    await other.end()
    if (mode !== 'enforce') await space.end()
  })
