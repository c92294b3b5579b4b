/** Clients of the servers in the Pod, by the network, as another Pod's program is; and of the agent's metrics. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningContainer } from '../../../scripts/demo.d/pod/container.ts'

export const SECRET = `served-${randomBytes(16).toString('hex')}`
const POSTGRES = join('/usr/lib/postgresql', readdirSync('/usr/lib/postgresql').toSorted().at(-1)!, 'bin')
interface Answer {
  readonly status: number
  readonly text: string
}

/** One request, with a password in both ways that the servers know. */
export async function ask(port: number, password: string): Promise<Answer> {
  const authorization = `Basic ${Buffer.from(`user:${password}`).toString('base64')}`
  const path = port === 8082 ? 'common-licenses/GPL-2' : ''
  const response = await fetch(`http://127.0.0.1:${port}/${path}`, {
    headers: { authorization, 'x-password': password, connection: 'close' },
  })
  return { status: response.status, text: await response.text() }
}

/** Returns when it answers. @throws with its output when it ends before */
export async function answering(server: RunningContainer, port: number): Promise<void> {
  for (const end = Date.now() + 240_000; Date.now() < end; ) {
    if (!server.running()) break
    if (await ask(port, SECRET).catch(() => undefined)) return
    await sleep(500)
  }
  assert.fail(`port ${port} is not answered:\n${server.log()}`)
}

/** Its password is right, another is not, and all of many requests are answered. @returns the first words of the answers */
export async function load(port: number, requests: number): Promise<Set<string>> {
  assert.notEqual((await ask(port, 'not-the-password')).status, 200)
  const answers: Answer[] = []
  const client = async () => {
    for (let i = 0; i < requests / 4; i++) answers.push(await ask(port, SECRET))
  }
  await Promise.all([client(), client(), client(), client()])
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
  return new Set(answers.map(({ text }) => text.split(' ')[0]!))
}

/** Runs a statement, or another client program of PostgreSQL. @returns its output */
export function sql(statement: string, program = 'psql', args: readonly string[] = ['-Atc', statement]): string {
  const address = ['-h', '127.0.0.1', '-p', '5499', '-U', 'postgres']
  const env = { PATH: '/usr/bin', PGPASSWORD: SECRET }
  const { status, stdout, stderr } = spawnSync(join(POSTGRES, program), [...address, ...args], {
    env,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  return stdout
}

/** Attempts refused, with those in passing. Waits first: the page is made once a second at most. */
export async function refused(): Promise<number> {
  await sleep(1_100)
  const page = await (await fetch('http://127.0.0.1:9090/metrics')).text()
  const lines = page.split('\n').filter((line) => /^kernelseal_access_(blocked|in_passing)_total[ {]/.test(line))
  assert.ok(lines.length > 0, page)
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}
