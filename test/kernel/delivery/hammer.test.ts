/** Starts under fire: every start is delivered, and no reader ever sees a value. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startAgent } from '../../support/agent-under-test.ts'

const STARTS = Number(process.env.KERNELSEAL_HAMMER_STARTS ?? 2000)
const READERS = 4
/** As many starters as readers, so that they get half of the machine. */
const STARTERS = 4
const SECRET = 'hammered-secret-7d1f0c9a52'
const folder = mkdtempSync(join(tmpdir(), 'kernelseal-hammer-'))

const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: printer
    selector: { binary: /usr/bin/busybox }
    secretRefs: [{ name: PASSWORD, source: { envRef: SOURCE } }]
`

/** Reads every environ it can, until its standard input closes; prints `<opened> <refused> <leaked>`. */
const READER = `
import os, select, sys
opened = refused = leaked = 0
needle = sys.argv[1].encode()
while not select.select([0], [], [], 0)[0]:
    for pid in os.listdir('/proc'):
        if not pid.isdigit(): continue
        try:
            with open('/proc/' + pid + '/environ', 'rb', 0) as f: text = f.read(65536)
            opened += 1
            leaked += needle in text
        except PermissionError: refused += 1
        except OSError: pass
print(opened, refused, leaked)`

function startReader(): { stop: () => Promise<number[]> } {
  const child = spawn('/usr/bin/python3', ['-c', READER, SECRET], { stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const stop = async (): Promise<number[]> => {
    child.stdin.end()
    await ended
    return output.trim().split(' ').map(Number)
  }
  return { stop }
}

/** Starts the bound program so many times, one after the other. @returns the file that holds their output */
async function startMany(times: number, starter: number, env: NodeJS.ProcessEnv): Promise<string> {
  const out = join(folder, `out-${starter}`)
  const script = `for ((i = 0; i < ${times}; i++)); do /usr/bin/busybox sh -c 'echo $PASSWORD'; done > ${out}`
  const child = spawn('/bin/bash', ['-c', script], { env, stdio: 'inherit' })
  assert.deepEqual(await once(child, 'close'), [0, null])
  return out
}

test(`${STARTS} starts while ${READERS} processes read /proc/*/environ: all delivered, none seen`, async () => {
  const agent = await startAgent({ config, env: { SOURCE: SECRET } })
  const readers = Array.from({ length: READERS }, startReader)
  const env = { PATH: '/usr/bin', PASSWORD: agent.placeholders.PASSWORD }
  const outputs = await Promise.all(Array.from({ length: STARTERS }, (_, i) => startMany(STARTS / STARTERS, i, env)))
  const counts = await Promise.all(readers.map((reader) => reader.stop()))
  const lines = outputs.flatMap((out) => readFileSync(out, 'latin1').split('\n').filter(Boolean))
  const [opened = 0, refused = 0, leaked = 0] = [0, 1, 2].map((i) => counts.reduce((sum, c) => sum + (c[i] ?? 0), 0))
  console.log(`starts ${STARTS}, delivered ${lines.length}, reads ${opened}, refused ${refused}, leaked ${leaked}`)
  assert.equal(lines.filter((line) => line === SECRET).length, STARTS)
  assert.equal(leaked, 0)
  assert.ok(refused > 0, 'no reader ever met a sealed process: the test proved nothing')
  assert.equal(await agent.metric('kernelseal_secrets_injected_total'), STARTS)
  await agent.stop()
})
