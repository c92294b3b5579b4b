import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { countedWriter } from '../../../../webhook/server/log.ts'

const MAIN = fileURLToPath(new URL('../../../../webhook/main.ts', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'kernelseal-main-'))
after(() => rmSync(directory, { recursive: true }))

const start = (...flags: string[]) => spawn(process.execPath, [MAIN, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
const caOut = join(directory, 'ca.pem')
const GOOD = [
  ...['--agent-image', 'a', '--host', '127.0.0.1', '--port', '0', '--metrics-port', '0'],
  ...['--ca-out', caOut, '--drain-seconds', '0'],
]

/** Proc_net_tcp(5): its sockets by inode, those that listen. */
function listeningPorts(pid: number): number[] {
  const sockets = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => linkOf(`/proc/${pid}/fd/${fd}`) ?? [])
  const lines = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n').slice(1, -1)
  const listening = lines.map((line) => line.trim().split(/\s+/)).filter(([, , , state]) => state === '0A')
  const own = listening.filter((fields) => sockets.includes(`socket:[${fields[9]}]`))
  return own.map(([, address = '']) => Number.parseInt(address.split(':')[1] ?? '', 16))
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** Of its ports that which speaks TLS, once it does. */
async function status(pid: number, path: string): Promise<number> {
  for (let turns = 0; turns < 100; turns++, await sleep(200)) {
    for (const port of listeningPorts(pid)) {
      const found = await statusAt(port, path).catch(() => undefined)
      if (found !== undefined) return found
    }
  }
  throw new Error('it listens nowhere')
}

/** As a kubelet asks: without verifying. */
async function statusAt(port: number, path: string): Promise<number> {
  const asking = request({ host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false }).end()
  const [response] = await once(asking, 'response')
  response.resume()
  return response.statusCode
}

describe('a log whose reader has gone', () => {
  it('counts lost lines, waiting ones included', async () => {
    const held: ((error: Error) => void)[] = []
    const stream = new Writable({ highWaterMark: 1, write: (_line, _encoding, done) => void held.push(done) })
    const { write, lostLines } = countedWriter(stream, 25)
    for (let line = 0; line < 5; line++) write('0123456789')
    assert.equal(lostLines(), 2, 'three lines are held, two had no room')
    held[0]!(new Error('EPIPE'))
    await new Promise((resolve) => stream.once('close', resolve))
    write('after')
    assert.equal(lostLines(), 6)
  })
})

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
    // Fails as a full disk does, full(4).
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, [MAIN, ...GOOD, '--log-level', 'debug'], { stdio: ['ignore', full, 'pipe'] })
    closeSync(full)
    test.after(() => child.kill('SIGKILL'))
    const ended = once(child, 'exit')
    // It publishes this last of all.
    while (!existsSync(caOut))
      await Promise.race([sleep(20), ended.then(([status]) => assert.fail(`ended: ${status}`))])
    await sleep(200)
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null])
  })

  it('waits for an API server that refuses, says so, answers probes and is not ready', async (test) => {
    const flags = ['--host', '127.0.0.1', '--port', '0', '--metrics-port', '0', '--cert-secret', 'tls']
    // Nothing listens on port 1 (tcpmux).
    const child = start('--agent-image', 'a', ...flags, '--api-server', 'http://127.0.0.1:1')
    test.after(() => child.kill('SIGKILL'))
    const lines: { msg: string }[] = []
    createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line)))
    // With a certificate from files the process before this ended by itself after 1.4 s, with status 0 and without a word.
    const ended = await Promise.race([once(child, 'exit'), sleep(6_000, undefined)])
    assert.equal(ended, undefined)
    const isSaid = () => lines.some(({ msg }) => msg.startsWith('not ready: there is no certificate yet'))
    for (let turns = 0; turns < 100 && !isSaid(); turns++) await sleep(200)
    assert.ok(isSaid())
    assert.ok(!lines.some(({ msg }) => msg === 'webhook ready'))
    assert.deepEqual([await status(child.pid!, '/healthz'), await status(child.pid!, '/readyz')], [200, 503])
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })

  it('names the mistake in its settings and ends with status 2', async () => {
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
