/** What open_by_handle_at(2) does, by ioctl(2) of two file systems: any file of the disk, from a container that has one folder of it. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { afterEach, before, test } from 'node:test'
import { type Agent, eventually, kernelseal, printerConfig, startAgent } from '../../../support/agent-under-test.ts'
import { compiled } from '../../../support/compile.ts'
import { outside } from '../../../support/openings.ts'
import { type PidNamespace, pidNamespace } from '../../../support/pid-namespace.ts'

const PLACE = '/run/kernelseal-ioctls'
const BY_NUMBER = { xfs: ['open by handle', 'list of inodes'], btrfs: ['tree search', 'inode lookup'] }
const ORDINARY = { xfs: ['fd to handle'], btrfs: ['information'] }
const KINDS = ['xfs', 'btrfs'] as const

let program: string
let space: PidNamespace
let agent: Agent | undefined

/** The image's other files are the host's; the folder is the container's. */
function makeDisk(kind: (typeof KINDS)[number]): void {
  const [image, at] = [`${PLACE}/image-${kind}`, `${PLACE}/${kind}`]
  mkdirSync(at, { recursive: true })
  writeFileSync(image, '')
  truncateSync(image, 320 << 20)
  execFileSync(`mkfs.${kind}`, ['-q', image])
  execFileSync('mount', ['-o', 'loop', image, at])
  mkdirSync(`${at}/folder`)
  writeFileSync(`${at}/of-the-host`, 'x')
}
before(() => {
  for (const module of ['loop', ...KINDS]) spawnSync('modprobe', [module])
  for (const kind of KINDS) makeDisk(kind)
  program = compiled(new URL('file-ioctls.c', import.meta.url).pathname)
})
afterEach(async () => {
  await agent?.stop()
  agent = undefined
  await space.end()
  kernelseal(['unload', '--force'])
})

const start = (policy: string): Promise<Agent> =>
  startAgent({ config: printerConfig(policy), env: { SOURCE: 'file-ioctls-3c' }, args: space.args })
/** The answers by their names. */
const answers = (kind: string, run: PidNamespace['run']): Record<string, string> => {
  const lines = run([program, `${PLACE}/${kind}/folder`])
    .stdout.trim()
    .split('\n')
  return Object.fromEntries(lines.map((line) => line.split(': ')))
}
const all = (names: readonly string[], answer: string) => Object.fromEntries(names.map((name) => [name, answer]))

test('a scope reaches no file by its number', async () => {
  space = await pidNamespace()
  const without = (kind: (typeof KINDS)[number]) => all([...BY_NUMBER[kind], ...ORDINARY[kind]], 'done')
  for (const kind of KINDS) assert.deepEqual(answers(kind, space.run), without(kind), `${kind} without protection`)
  agent = await start('mode: enforce')
  for (const kind of KINDS) {
    const refused = all(BY_NUMBER[kind], 'Operation not permitted')
    assert.deepEqual(answers(kind, space.run), { ...all(ORDINARY[kind], 'done'), ...refused })
    assert.deepEqual(answers(kind, outside), without(kind), 'a stranger does as before')
  }
  await eventually('the event', () => agent?.events().some((e) => e.way === 'capability' && e.action === 'blocked'))
})

test('a policy leaves it to the scope', async () => {
  space = await pidNamespace()
  agent = await start('mode: enforce, kernelControl: [file-handles]')
  for (const kind of KINDS)
    for (const name of BY_NUMBER[kind]) assert.equal(answers(kind, space.run)[name], 'done', name)
})
