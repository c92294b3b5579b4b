/** The end of a scope: protected until the last moment, and gone after it. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Agent, eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'
import { pidNamespace } from '../../support/pid-namespace.ts'

const SECRET = 'until-the-last-moment-4c1f'
const config = (mode: string) => `
version: v1
policy: { mode: ${mode} }
secrets:
  - name: sleeper
    selector: { binary: /usr/bin/sleep }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
let agent: Agent | undefined

afterEach(async () => {
  await agent?.stop()
  agent = undefined
  kernelseal(['unload', '--force'])
})

/** Its end takes long: that of a process that holds so many descriptors. */
const SLOW_TO_END = `
import os, resource, time
resource.setrlimit(resource.RLIMIT_NOFILE, (300000, 300000))
for _ in range(299000): os.dup(0)
os.mkdir('/run/slow-to-end')
time.sleep(1e6)
`

/** Reads it until it is gone; prints how often it could, how often it was refused, and that. */
const READ = `
import sys
path, secret, read, refused = '/proc/%s/environ' % sys.argv[1], sys.argv[2].encode(), 0, 0
print('reading', flush=True)
while True:
    try:
        with open(path, 'rb') as f: read += secret in f.read()
    except PermissionError: refused += 1
    except (FileNotFoundError, ProcessLookupError): break
print(read, refused)
`

test('a sealed process is sealed while the init of its PID namespace goes, until it is gone itself', async () => {
  const namespace = await pidNamespace(['/usr/bin/python3', '-c', SLOW_TO_END])
  await eventually('its descriptors', () => spawnSync('ls', ['/run/slow-to-end']).status === 0, 120_000)
  agent = await startAgent({ config: config('enforce'), env: { SOURCE: SECRET }, args: namespace.args })
  const start = (env: object) =>
    spawn(namespace.enter[0]!, [...namespace.enter.slice(1), '/usr/bin/sleep', '600'], {
      env: { PATH: '/usr/bin', ...env },
    })
  const outer = start(agent.placeholders)
  const children = `/proc/${outer.pid}/task/${outer.pid}/children`
  const pid = await eventually('the sleeper', () => Number(readFileSync(children, 'latin1').trim()))
  await eventually('its seal', () => agent?.events().some(({ tag }) => tag === 'INJECT'))
  outer.kill('SIGCONT') // nsenter stops along, where the agent delivers
  const reader = spawn('python3', ['-c', READ, String(pid), SECRET])
  let said = ''
  reader.stdout.on('data', (chunk) => {
    said += chunk
  })
  await eventually('the reader', () => said.includes('reading'))
  await sleep(500)
  await namespace.end()
  await eventually('its count', () => reader.exitCode !== null, 60_000)
  const [read, refused] = said.trim().split('\n').at(-1)!.split(' ').map(Number)
  assert.ok(refused! > 0, said)
  assert.equal(read, 0, `${read} reads, ${refused} refused`)
})
