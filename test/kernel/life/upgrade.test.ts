/**
 * An agent of another version takes a scope over while bound programs start and others try to read them. The other version is
 * a copy of this one under another ABI: the contract between two versions is agent/node/handover.ts.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { environOf, eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'
import { BOUND, configFrom, fileSource, startReader, startUntil } from '../../support/fire.ts'

const ROOT = join(import.meta.dirname, '../../..')
const PINS = '/sys/fs/bpf/kernelseal'
const SECRET = 'upgraded-secret-c90e'
const config = configFrom(fileSource(SECRET))
const older = olderVersion()
const start = (program?: string) => startAgent({ config, ...(program && { program }) })

/** @returns its command line */
function olderVersion(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kernelseal-older-'))
  cpSync(join(ROOT, 'agent'), join(folder, 'agent'), { recursive: true })
  for (const name of ['bpf', 'node_modules', 'package.json']) symlinkSync(join(ROOT, name), join(folder, name))
  const pins = join(folder, 'agent/node/pins.ts')
  const text = readFileSync(pins, 'utf8')
  const own = /^export const ABI = .*$/m
  assert.match(text, own)
  writeFileSync(pins, text.replace(own, "export const ABI = 'v1'"))
  return join(folder, 'agent/kernelseal')
}

after(() => kernelseal(['unload', '--force']))

test('of two versions only one is the agent of a scope', async () => {
  const agent = await start(older)
  await assert.rejects(start(), /has a living agent already/)
  assert.equal(await agent.stop(), 0)
  await eventually('nothing pinned', () => !existsSync(join(PINS, 'v1')))
})

test('while another version takes over nothing runs unfilled or unprotected', async () => {
  const before = await start(older)
  const placeholder = before.placeholders.PASSWORD as string
  const sealed = spawn(BOUND, ['sleep', '600'], { env: { PASSWORD: placeholder } })
  const pid = sealed.pid as number
  await eventually('the exec', () => readFileSync(`/proc/${pid}/comm`, 'latin1').startsWith('busybox'))
  const readers = ['environ', 'mem', 'readv'].map((way) => startReader(way, SECRET))
  const starters = await startUntil(2, placeholder, SECRET)
  process.kill(before.pid, 'SIGKILL')
  await eventually('its end', () => !existsSync(`/proc/${before.pid}`))
  const next = await start()
  assert.ok(/took the scope over from version v1/.test(next.log()), next.log().slice(0, 3000))
  const injected = await next.metric('kernelseal_secrets_injected_total')
  while ((await next.metric('kernelseal_secrets_injected_total')) < injected + 20) await new Promise(setImmediate)
  const result = await starters.stop()
  const reads = await Promise.all(readers.map((reader) => reader.stop()))
  const failures = next.events().filter(({ tag }) => tag === 'FAIL')
  console.log(JSON.stringify({ result, reads, failures }))
  assert.equal(result.other, 0, 'a program ran without its value')
  // Where the agent writes, some or all starts wait for it, and fail while there is none.
  const byAgent =
    !readFileSync('/sys/kernel/security/lockdown', 'utf8').includes('[none]') || release().startsWith('5.10.')
  if (!byAgent) assert.equal(result.killed, 0)
  assert.ok(result.delivered > 20)
  for (const { leaked, refused } of reads) {
    assert.equal(leaked, 0)
    assert.ok(refused > 0)
  }
  assert.throws(() => environOf(pid), { code: 'EPERM' }, 'what the older version sealed')
  assert.match(kernelseal(['status']).stdout, /another version, v1, with 1 scopes/)
  sealed.kill('SIGKILL')
  await next.stop()
})
