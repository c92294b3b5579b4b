/**
 * A program that writes over the NUL behind its arguments: /proc/P/cmdline then goes on into its environment, up to the next NUL
 * (fs/proc/base.c, get_mm_proctitle). That is the first variable; a value that stands there is not shown.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Agent, eventually, startAgent } from '../../support/agent-under-test.ts'

const SECRET = 'titled-secret-3c9d10'
const folder = mkdtempSync(join(tmpdir(), 'kernelseal-title-'))
const BOUND = join(folder, 'bound')
const FREE = join(folder, 'free')
/** With an argument it starts itself once more, its first two variables exchanged. */
const PROGRAM = `
#include <string.h>
#include <unistd.h>
extern char **environ;
int main(int n, char **a)
{
	if (n > 1) {
		char *first = environ[0];
		environ[0] = environ[1];
		environ[1] = first;
		return execl(a[0], a[0], (char *)0);
	}
	a[0][strlen(a[0])] = '+';
	write(1, "x", 1);
	pause();
	return 0;
}
`
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: titled
    selector: { binary: ${BOUND} }
    secretRefs: [{ name: PASSWORD, source: { envRef: SOURCE } }]
`
let agent: Agent
const children: ChildProcess[] = []

before(async () => {
  const built = spawnSync('gcc', ['-x', 'c', '-o', BOUND, '-'], { input: PROGRAM, encoding: 'utf8' })
  assert.equal(built.status, 0, built.stderr)
  copyFileSync(BOUND, FREE)
  agent = await startAgent({ config, env: { SOURCE: SECRET } })
})

after(async () => {
  for (const child of children) child.kill('SIGKILL')
  await agent.stop()
})

/** @param env in this order: env(1) starts it with nothing else */
const titled = (program: string, ...env: string[]): Promise<string> => started([...env, program])
/** The first two exchanged by the program itself. */
const turned = (program: string, ...env: string[]): Promise<string> => started([...env, program, 'again'])

async function started(words: readonly string[]): Promise<string> {
  const child = spawn('/usr/bin/env', ['-i', ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  await eventually('its title', () => said === 'x')
  return `/proc/${child.pid}/cmdline`
}

test('without protection the first variable is shown in the title', async () => {
  const title = readFileSync(await titled(FREE, `PASSWORD=${SECRET}`, 'PATH=/bin'), 'latin1')
  assert.ok(title.endsWith(`free+PASSWORD=${SECRET}\0`), title)
})

test('the title of a process whose environment begins with a value is refused to others', async () => {
  const path = await titled(BOUND, `PASSWORD=${agent.placeholders.PASSWORD}`, 'PATH=/bin')
  assert.throws(() => readFileSync(path), { code: 'EPERM' })
})

test('where another variable stands first, the title shows that one and is readable', async () => {
  const title = readFileSync(
    await titled(BOUND, 'PATH=/bin', `PASSWORD=${agent.placeholders.PASSWORD}`, 'HOME=/'),
    'latin1',
  )
  assert.ok(title.endsWith('bound+PATH=/bin\0'), title)
})

test('a value that stands first after the program has started itself again is refused as well', async () => {
  const free = readFileSync(await turned(FREE, 'PATH=/bin', `PASSWORD=${SECRET}`), 'latin1')
  assert.ok(free.endsWith(`free+PASSWORD=${SECRET}\0`), free)
  const path = await turned(BOUND, 'PATH=/bin', `PASSWORD=${agent.placeholders.PASSWORD}`)
  assert.throws(() => readFileSync(path), { code: 'EPERM' })
})

test('and one that stands first no longer leaves the title readable', async () => {
  const title = readFileSync(await turned(BOUND, `PASSWORD=${agent.placeholders.PASSWORD}`, 'PATH=/bin'), 'latin1')
  assert.ok(title.endsWith('bound+PATH=/bin\0'), title)
})
