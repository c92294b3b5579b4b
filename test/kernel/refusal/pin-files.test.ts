/** A pin is a file: the content that a plain read of it shows to root of the machine and to root in a Pod. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmdirSync } from 'node:fs'
import { afterEach, test } from 'node:test'
import { eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'
import { pidNamespace } from '../../support/pid-namespace.ts'

const FILE_SYSTEM = '/sys/fs/bpf'
const PINS = `${FILE_SYSTEM}/kernelseal/v2`
const SECRET = 'value-in-a-map-55d0'
const SECRET_MAPS = ['secret_values', 'slots', 'owners']

const config = (mode: string): string => `
version: v1
policy: { mode: ${mode} }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs: [{ name: PRINTED, source: { envRef: SOURCE } }]
`
const start = (mode: string, args: readonly string[] = []) =>
  startAgent({ config: config(mode), env: { SOURCE: SECRET }, args })

const read = (path: string) => spawnSync('/bin/cat', [path], { encoding: 'latin1' })

afterEach(() => {
  kernelseal(['unload', '--force'])
})

test('no pin is opened, by root of the machine or of a Pod, and tools of root go on', async () => {
  const space = await pidNamespace()
  const agent = await start('enforce', space.args)
  const printed = space.run(['/usr/bin/printenv', 'PRINTED'], agent.placeholders)
  assert.equal(printed.stdout, `${SECRET}\n`, 'the value is in the maps')
  for (const folder of ['maps', 'programs', 'links'])
    for (const name of readdirSync(`${PINS}/${folder}`)) {
      const path = `${PINS}/${folder}/${name}`
      for (const { status, stdout, stderr } of [read(path), space.run(['/bin/cat', path])]) {
        assert.equal(stdout, '', path)
        assert.equal(status, 1, path)
        assert.match(stderr, /Operation not permitted/, path)
      }
    }
  await eventually('the event', () => agent.events().some((e) => e.way === 'pin'))
  assert.match(kernelseal(['status']).stdout, /enforce\s+alive/)
  await agent.stop()
  await space.end()
  assert.equal(kernelseal(['unload', '--force']).status, 0)
})

test('where nothing is refused a map with values or placeholders shows nothing all the same', async () => {
  const agent = await start('audit')
  assert.equal(spawnSync('/usr/bin/printenv', ['PRINTED'], { env: agent.placeholders }).status, 0)
  assert.equal(read(`${PINS}/maps/scopes`).status, 0, 'files of maps open here')
  for (const name of SECRET_MAPS) {
    const { status, stdout } = read(`${PINS}/maps/${name}`)
    assert.equal(stdout, '', name)
    assert.equal(status, 1, name)
  }
  await agent.stop()
})

test('a folder beside ours is left alone, also under a name that begins as ours', async () => {
  const space = await pidNamespace()
  const agent = await start('enforce', space.args)
  const makeIn = (folder: string) => space.run(['/bin/ln', '-s', 'x', `${folder}/by-a-pod`])
  const lists = (folder: string) => space.run(['/bin/ls', folder])
  for (const act of [makeIn, lists]) assert.match(act(`${PINS}/maps`).stderr, /Operation not permitted/, 'our own')
  const stranger = `${FILE_SYSTEM}/kernelsealed`
  mkdirSync(`${stranger}/maps`, { recursive: true })
  for (const act of [makeIn, lists]) assert.equal(act(`${stranger}/maps`).stderr, '')
  assert.deepEqual(readdirSync(`${stranger}/maps`), ['by-a-pod'])
  assert.equal(space.run(['/bin/rm', `${stranger}/maps/by-a-pod`]).status, 0)
  for (const folder of [`${stranger}/maps`, stranger]) rmdirSync(folder)
  await agent.stop()
  await space.end()
})
