import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { wait } from '../../../../agent/cli/wait.ts'
import { otherProcesses } from '../../../../agent/linux/procfs.ts'
import {
  askReadySocket,
  openReadySocket,
  ownPidNamespace,
  readySocketPath,
} from '../../../../agent/run/ready-socket.ts'

describe('kernelseal wait, the postStart hook where there are no native sidecars', () => {
  it('returns when /readyz says yes, after it said no', async (context) => {
    let asked = 0
    const server = createServer((_request, response) => response.writeHead(++asked < 3 ? 503 : 200).end()).listen(0)
    context.after(() => server.close())
    const { port } = server.address() as AddressInfo
    assert.equal(await wait.run(['--port', `${port}`, '--timeout', '60']), 0)
    assert.equal(asked, 3)
  })

  it('gives up in time, and repeats the last answer', async (context) => {
    const written: string[] = []
    context.mock.method(process.stderr, 'write', (text: string) => written.push(text) > 0)
    assert.equal(await wait.run(['--port', '1', '--timeout', '1']), 1)
    assert.match(written.join(''), /readyz` was not ready within 1 s: .*ECONNREFUSED/)
  })

  it('asks the agent of its own namespace over a socket, when no port is given', async (context) => {
    const path = readySocketPath(ownPidNamespace())
    assert.equal(path, `/dev/kernelseal-${statSync('/proc/self/ns/pid').ino}.sock`)
    const service = { RUNTIME_DIRECTORY: '/run/kernelseal:/run/other' }
    assert.equal(readySocketPath(ownPidNamespace(), service), '/run/kernelseal/ready.sock')
    const socket = join(mkdtempSync(join(tmpdir(), 'kernelseal-ready-')), 'ready.sock')
    context.after(() => rmSync(dirname(socket), { recursive: true }))
    assert.match(await askReadySocket(socket), /ENOENT/)
    let why: string | undefined = 'the canary was read'
    for (let restarts = 0; restarts < 2; restarts++) {
      // The second one finds the file of the first.
      const standing = await openReadySocket(socket, () => why)
      context.after(() => standing.close())
      assert.equal(await askReadySocket(socket), why ?? '')
      why = undefined
      assert.equal(await askReadySocket(socket), '')
    }
  })

  it('wants a port and a time', async () => {
    await assert.rejects(wait.run(['--port', 'x']), /--port is a whole number, 1 to 65535, not `x`/)
    await assert.rejects(wait.run(['--timeout', '0']), /--timeout is a whole number/)
  })
})

describe('the processes of the other containers', () => {
  const proc = mkdtempSync(join(tmpdir(), 'kernelseal-proc-'))
  after(() => rmSync(proc, { recursive: true }))
  const add = (pid: string, namespace: string, state = 'S') => {
    mkdirSync(join(proc, pid, 'ns'), { recursive: true })
    symlinkSync(namespace, join(proc, pid, 'ns', 'mnt'))
    writeFileSync(join(proc, pid, 'stat'), `${pid} (a) b) ${state} 0`)
  }

  it('are none but for the pause container, the own one and zombies', () => {
    add('1', 'mnt:[1]')
    add('self', 'mnt:[2]')
    add('7', 'mnt:[2]')
    add('8', 'mnt:[3]', 'Z')
    assert.deepEqual(otherProcesses(proc), [])
    add('9', 'mnt:[3]')
    assert.deepEqual(otherProcesses(proc), [9])
  })
})
