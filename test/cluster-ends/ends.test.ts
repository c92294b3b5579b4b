/** scripts/test-cluster leaves nothing behind, also when it is interrupted: no process, mount, network, or file. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

const REPOSITORY = join(import.meta.dirname, '../..')
const TEST_CLUSTER = join(REPOSITORY, 'scripts/test-cluster')
const { KERNELSEAL_CACHE, XDG_CACHE_HOME } = process.env
const CACHE = KERNELSEAL_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kernelseal')
/** A test file that passes in seconds. */
const FILE = 'test/cluster/reinvocation.test.ts'
const SECONDS = 600

/** In the environment of every process that a run starts, and so of those that it must not leave. */
const MARK = `KERNELSEAL_ENDS_TEST=${randomUUID()}`
/** Of the runs alone. */
const FILES = mkdtempSync(join(tmpdir(), 'kernelseal-ends-'))
after(() => rmSync(FILES, { recursive: true }))

const lines = (text: string): string[] => text.split('\n').filter(Boolean)
const folder = (path: string): string[] => (existsSync(path) ? readdirSync(path) : [])
const output = (...command: readonly [string, ...string[]]): string[] =>
  lines(execFileSync(command[0], command.slice(1), { encoding: 'utf8', cwd: REPOSITORY }))

/** Each a list that a run must not make longer. */
const look = () => ({
  processes: readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isOurs(name)),
  // Network namespaces that outlive their processes are mounted.
  mounts: lines(readFileSync('/proc/self/mounts', 'utf8')).filter(
    (line) => line.includes(CACHE) || line.includes('nsfs'),
  ),
  links: output('ip', '-o', 'link').map((line) => line.split(': ')[1] ?? ''),
  files: folder(FILES),
  clusters: folder(join(CACHE, 'clusters')),
  repository: output('git', 'status', '--porcelain'),
})

function isOurs(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(MARK)
  } catch {
    return false // it has ended
  }
}

/** @param until the condition before it is interrupted; none: it runs to its end @returns its exit status */
async function run(args: readonly string[], until?: () => boolean): Promise<number> {
  // A session of its own: its processes get the signal together, as those of a terminal do.
  const [name, value] = MARK.split('=') as [string, string]
  // Without it node --test takes itself for a part of this run, and reports nothing.
  const { NODE_TEST_CONTEXT, ...environment } = process.env
  const env = { ...environment, [name]: value, TMPDIR: FILES }
  const child = spawn(TEST_CLUSTER, args, { cwd: REPOSITORY, env, stdio: 'ignore', detached: true })
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  if (until) {
    for (const end = Date.now() + SECONDS * 1000; !until(); await sleep(200)) {
      assert.equal(child.exitCode, null, 'it ended before it could be interrupted')
      assert.ok(Date.now() < end, `within ${SECONDS} s it did not come so far`)
    }
    process.kill(-(child.pid as number), 'SIGINT')
  }
  const [status] = await ended
  return status ?? -1
}

/** A file in the state folder of a cluster that was not there before. */
function appears(file: string): () => boolean {
  const clusters = join(CACHE, 'clusters')
  const before = folder(clusters)
  return () => folder(clusters).some((name) => !before.includes(name) && existsSync(join(clusters, name, file)))
}

describe('scripts/test-cluster leaves nothing behind', () => {
  it('when it has run', async () => {
    const before = look()
    assert.equal(await run(['--kubernetes', 'latest', FILE]), 0)
    assert.deepEqual(look(), before)
  })

  it('when it is interrupted while the control plane starts', async () => {
    const before = look()
    assert.equal(await run(['--kubernetes', 'latest', FILE], appears('kube-apiserver.pid')), 130)
    assert.deepEqual(look(), before)
  })

  it('when it is interrupted while its node boots', async () => {
    const before = look()
    assert.equal(await run(['--node'], appears('node.pid')), 130)
    assert.deepEqual(look(), before)
  })
})
