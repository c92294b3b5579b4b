import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../../webhook/main.ts', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'kernelseal-main-'))
after(() => rmSync(directory, { recursive: true }))

const start = (...flags: string[]) => spawn(process.execPath, [MAIN, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
const caOut = join(directory, 'ca.pem')
const GOOD = [
  ...['--agent-image', 'a', '--host', '127.0.0.1', '--port', '0', '--metrics-port', '0'],
  ...['--ca-out', caOut, '--drain-seconds', '0'],
]

describe('the webhook as a process', () => {
  it('writes its CA, says that it is ready, and stops on SIGTERM with status 0', async () => {
    const child = start(...GOOD)
    const lines: { msg: string; port?: number }[] = []
    for await (const line of createInterface(child.stdout)) {
      lines.push(JSON.parse(line))
      if (lines.length === 1) child.kill('SIGTERM')
    }
    const [status] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode]
    assert.deepEqual(
      [status, lines.map(({ msg }) => msg), typeof lines[0]!.port],
      [0, ['webhook ready', 'draining', 'stopped'], 'number'],
    )
    assert.match(readFileSync(caOut, 'utf8'), /^-----BEGIN CERTIFICATE-----/)
  })

  it('works on while its log cannot be written', async (test) => {
    rmSync(caOut, { force: true })
    // Says what a full disk does, full(4).
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, [MAIN, ...GOOD, '--log-level', 'debug'], { stdio: ['ignore', full, 'pipe'] })
    closeSync(full)
    test.after(() => child.kill('SIGKILL'))
    const ended = once(child, 'exit')
    // What it publishes last of all.
    while (!existsSync(caOut))
      await Promise.race([sleep(20), ended.then(([status]) => assert.fail(`ended: ${status}`))])
    await sleep(200)
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null])
  })

  it('says what is wrong with its settings and ends with status 2', async () => {
    const child = start('--port', 'x')
    let output = ''
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    const [status] = await once(child, 'close')
    assert.equal(status, 2)
    assert.match(
      output,
      /^kernelseal-webhook: --agent-image: is missing .*\n--port: is `x`, must be a port, 0 to 65535\n$/,
    )
  })
})
