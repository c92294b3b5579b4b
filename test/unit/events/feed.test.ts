/** The feed over a real socket, and `kernelseal events` as its reader. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Feed, feedPath } from '../../../agent/events/feed.ts'
import { temporaryFolder } from '../temporary.ts'
import { delivered, refused } from './lines.ts'

const MAIN = new URL('../../../agent/main.ts', import.meta.url).pathname

async function listening(context: TestContext, scope = 7) {
  const directory = temporaryFolder('feed')
  const feed = new Feed(scope)
  context.after(() => feed.close())
  await feed.listen(feedPath(scope, directory))
  return { feed, directory, path: feedPath(scope, directory) }
}

function startEvents(directory: string, args: readonly string[]) {
  const env = { ...process.env, KERNELSEAL_STATE_DIR: directory }
  return spawn(process.execPath, [MAIN, 'events', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function events(directory: string, ...args: string[]) {
  const child = startEvents(directory, args)
  const ended = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { status: (await ended)[0] as number, stdout, stderr }
}

test('the socket is its owner’s alone', async (context) => {
  const { path } = await listening(context)
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('kernelseal events prints earlier events, the last 500, for people and as JSON', async (context) => {
  const { feed, directory } = await listening(context)
  for (let i = 0; i < 600; i++) feed.write(delivered()[1]!)
  feed.write(refused())
  const readable = await events(directory)
  assert.equal(readable.status, 0, readable.stderr)
  const lines = readable.stdout.trimEnd().split('\n')
  assert.equal(lines.length, 500)
  assert.match(
    lines.at(-1)!,
    /^\d{4}-\d\d-\d\dT\S+Z \[LSM BLOCKED\] PID=\d+ attempted environ access to PID=186 \(sleep\), by cat$/,
  )
  const { stdout } = await events(directory, '--json', '--scope', '7')
  const last = JSON.parse(stdout.trimEnd().split('\n').at(-1)!)
  assert.deepEqual([last.tag, last.scope, last.way, last.target.start], ['LSM BLOCKED', 7, 'environ', '186000'])
})

test('with --follow it prints new events and ends with the agent', async (context) => {
  const { feed, directory } = await listening(context)
  const reader = startEvents(directory, ['--follow'])
  const ended = once(reader, 'close')
  let output = ''
  reader.stdout.on('data', (chunk) => {
    output += chunk
  })
  const coming = setInterval(() => feed.write(refused('late')), 20)
  for (let i = 0; i < 2000 && output.split('by late').length < 50; i++) await sleep(10)
  clearInterval(coming)
  feed.close()
  assert.deepEqual(await ended, [0, null])
  assert.ok(output.split('by late').length >= 50, output)
})

test('two agents are read together, in the order of time', async (context) => {
  const { feed, directory } = await listening(context, 1)
  const other = new Feed(2)
  context.after(() => other.close())
  await other.listen(feedPath(2, directory))
  for (const [at, comm] of [
    [feed, 'one'],
    [other, 'two'],
    [feed, 'three'],
  ] as const) {
    at.write(refused(comm))
    await sleep(5)
  }
  const { stdout } = await events(directory)
  assert.match(stdout, /by one[\s\S]*by two[\s\S]*by three/)
  assert.doesNotMatch((await events(directory, '--scope', '2')).stdout, /one|three/)
})

test('without an agent it says so with the remedy, a socket that a killed one left included', async () => {
  const directory = temporaryFolder('feed')
  for (const path of [undefined, feedPath(3, directory)]) {
    if (path) writeFileSync(path, '') // refuses connections, as a socket without a listener does
    const { status, stderr } = await events(directory)
    assert.equal(status, 1)
    assert.match(stderr, /no agent tells its events in .*: start one with/s)
  }
  assert.equal((await events(directory, '--scope', 'x')).status, 2)
})

test('a reader that does not read is dropped and counted, and the others go on', async (context) => {
  const { feed, path } = await listening(context)
  const slow = connect(path)
  await once(slow, 'connect')
  slow.pause()
  const good = connect(path)
  let received = 0
  good.on('data', (chunk) => {
    received += chunk.length
  })
  await once(good, 'data')
  for (let i = 0; i < 6000 && !feed.dropped; i++) {
    feed.write(refused())
    if (i % 50 === 0) await sleep(1)
  }
  assert.equal(feed.dropped, 1)
  const before = received
  feed.write(refused())
  for (let i = 0; i < 2000 && received === before; i++) await sleep(10)
  assert.ok(received > before)
  slow.destroy()
  good.destroy()
})
