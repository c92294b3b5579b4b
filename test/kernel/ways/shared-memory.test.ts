/** Memory of a sealed process that has a descriptor or a mapping of its own, by the links that procfs makes to it. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Agent, eventually, startAgent } from '../../support/agent-under-test.ts'

const SECRET = 'shared-with-children-2c90'
const PYTHON = spawnSync('readlink', ['-f', '/usr/bin/python3'], { encoding: 'utf8' }).stdout.trim()
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: sharer
    selector: { binary: ${PYTHON} }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
/** A server that shares a page with its workers, in both ways there are. */
const PROGRAM = `
import mmap, os, time
text = os.environ['TOKEN'].encode()
mapped = mmap.mmap(-1, 4096)
mapped.write(text)
memory = os.memfd_create('cache')
os.write(memory, text)
print(memory, flush=True)
time.sleep(600)`

let agent: Agent
const started: ChildProcess[] = []
before(async () => {
  agent = await startAgent({ config, env: { SOURCE: SECRET } })
})
after(async () => {
  for (const child of started) child.kill('SIGKILL')
  await agent.stop()
})

/** @returns its number, and that of its descriptor */
async function start(env: Readonly<Record<string, string>>): Promise<readonly [pid: number, memory: number]> {
  const child = spawn(PYTHON, ['-c', PROGRAM], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  started.push(child)
  let output = ''
  child.stdout!.on('data', (chunk) => {
    output += chunk
  })
  return [child.pid as number, Number(await eventually('its page', () => /^\d+\n/.exec(output)?.[0]))]
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    return `${(error as NodeJS.ErrnoException).code}`
  }
}

const mappings = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/map_files`).map((name) => contentOf(`/proc/${pid}/map_files/${name}`))

test('of a process without a seal root reads it by map_files and by fd', async () => {
  const [pid, memory] = await start({ TOKEN: SECRET })
  assert.ok(contentOf(`/proc/${pid}/fd/${memory}`).startsWith(SECRET))
  assert.ok(mappings(pid).some((text) => text.startsWith(SECRET)))
})

test('of a sealed one neither link is followed, by default', async () => {
  const [pid, memory] = await start(agent.placeholders)
  for (const path of [`fd/${memory}`, `task/${pid}/fd/${memory}`, `fd/${memory}/../${memory}`])
    assert.match(contentOf(`/proc/${pid}/${path}`), /^(EACCES|EPERM|ENOTDIR)$/, path)
  for (const text of mappings(pid)) assert.match(text, /^(EACCES|EPERM|ENOENT)$/)
})

test('names of its files, and links to files that have one, are there as before', async () => {
  const [pid, memory] = await start(agent.placeholders)
  assert.match(readlinkSync(`/proc/${pid}/fd/0`), /null/)
  assert.equal(contentOf(`/proc/${pid}/fd/0`), '')
  assert.match(spawnSync('ls', [`/proc/${pid}/fd`], { encoding: 'utf8' }).stdout, new RegExp(`^${memory}$`, 'm'))
})
