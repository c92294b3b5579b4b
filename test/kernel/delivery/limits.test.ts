/** At the limits: allowed values are delivered whole, larger ones are refused with the limit named. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { SCOPE } from '../../../agent/wire/generated.ts'
import { type Agent, kernelseal, startAgent } from '../../support/agent-under-test.ts'
import { pidNamespace } from '../../support/pid-namespace.ts'

const folder = mkdtempSync(join(tmpdir(), 'kernelseal-limits-'))
const CAPACITY = 65_536
const VARIABLES = 255
const longest = randomBytes(CAPACITY / 2).toString('hex')
const file = join(folder, 'longest')
const names = Array.from({ length: VARIABLES }, (_, i) => `V${i}`)

/** 256 variables in all, and as many bytes of placeholders as are allowed beside the longest one. */
const config = (capacity = CAPACITY): string => `
version: v1
policy: { mode: enforce }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs:
      - { name: LONGEST, capacity: ${capacity}, source: { fileRef: ${file} } }
${names.map((name) => `      - { name: ${name}, capacity: 128, source: { envRef: SOURCE } }`).join('\n')}
`
const start = (text: string) => startAgent({ config: text, env: { SOURCE: 'short-secret-3c' } })
let agent: Agent

before(async () => {
  writeFileSync(file, longest)
  agent = await start(config())
})

after(() => agent.stop())

const printed = (env: Readonly<Record<string, string>>, args: readonly string[] = []) =>
  spawnSync('/usr/bin/printenv', args, { env, encoding: 'latin1', maxBuffer: 1 << 26 })

test('256 variables and a value of 64 KiB are delivered to one program', () => {
  const lines = printed(agent.placeholders).stdout.trimEnd().split('\n')
  assert.equal(lines.length, VARIABLES + 1)
  assert.ok(lines.includes(`LONGEST=${longest}`))
  for (const name of names) assert.ok(lines.includes(`${name}=short-secret-3c`), name)
})

test('among 10,000 other variables the first and the last placeholder are found, and nothing else is touched', () => {
  const others = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`OTHER_${i}`, `value ${i}`]))
  const { V0, V1 } = agent.placeholders as { V0: string; V1: string }
  const { stdout, error } = printed({ V0, ...others, V1 })
  assert.equal(error, undefined)
  const expected = ['V0=short-secret-3c', ...Object.entries(others).map(([k, v]) => `${k}=${v}`), 'V1=short-secret-3c']
  assert.deepEqual(stdout.trimEnd().split('\n').toSorted(), expected.toSorted())
})

test('with nearly 2 MB of arguments the value arrives', () => {
  const args = Array.from({ length: 15 }, () => 'x'.repeat(120_000))
  const { V0 } = agent.placeholders as { V0: string }
  assert.equal(printed({ V0 }, [...args, 'V0']).stdout, 'short-secret-3c\n')
})

test('an environment string of the greatest length the kernel takes is passed over', () => {
  const { V0 } = agent.placeholders as { V0: string }
  const longestString = 'y'.repeat(131_072 - 'LONG_STRING='.length - 1)
  assert.equal(printed({ LONG_STRING: longestString, V0 }, ['V0']).stdout, 'short-secret-3c\n')
})

const SCOPES = 1024

/** Entries of scopes without processes, from 1 on, in one go: as the agent of one more, since nobody else writes there. */
function changeScopes(change: 'set' | 'delete', count: number): void {
  const agent = join(import.meta.dirname, '../../../agent')
  const script = `
    const pins = await import('${agent}/node/pins.ts')
    const { enrollBy, openOwnProgram } = await import('${agent}/node/enroll.ts')
    const { BpfMap } = await import('${agent}/libbpf/map.ts')
    const { u32 } = await import('${agent}/wire/encode.ts')
    enrollBy(openOwnProgram(pins.programPin('agent_enroll')), ${SCOPES})
    const scopes = BpfMap.pinned('scopes', pins.mapPin('scopes'), 'write')
    for (let scope = 1; scope <= ${count}; scope++) scopes.${change}(u32(scope), Buffer.alloc(${SCOPE.size}))`
  execFileSync(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'ignore', 'pipe'] })
}

test('one scope more than the node takes is refused with the limit named, and those there are stay', async () => {
  await agent.stop() // no other process becomes an agent beneath that of the whole machine
  const [first, second] = [await pidNamespace(), await pidNamespace()]
  const env = { SOURCE: 'short-secret-3c' }
  const standing = await startAgent({ config: config(), env, args: first.args })
  const others = SCOPES - 2 // that one is there, and the node's own
  changeScopes('set', others)
  try {
    const command = ['run', '--config', standing.config, '--metrics-port', '0', ...second.args]
    const { status, stderr } = kernelseal(command, env)
    assert.equal(status, 1)
    assert.match(stderr, /`scopes` is full: this node's limit is 1024 entries/)
    const { V0 } = standing.placeholders as { V0: string }
    assert.equal(first.run(['/usr/bin/printenv', 'V0'], { V0 }).stdout, 'short-secret-3c\n')
  } finally {
    changeScopes('delete', others)
    for (const space of [first, second]) await space.end()
    await standing.stop()
  }
})

test('a value longer than its placeholder stops the agent before anything starts, with variable and limit named', async () => {
  await assert.rejects(start(config(CAPACITY - 1)), /LONGEST[\s\S]*65536[\s\S]*65535|LONGEST[\s\S]*65535/)
})
