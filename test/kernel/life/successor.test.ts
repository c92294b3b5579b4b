/**
 * Processes outlive the policy they were started under, and the agent: the meaning of their numbers does not change
 * under them.
 */
import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { afterEach, test } from 'node:test'
import { type Agent, eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'

const SECRET = 'outlived-secret-77e1'
const PERL = '/usr/bin/perl'
const PYTHON = readlinkSync('/usr/bin/python3').replace(/^(?!\/)/, '/usr/bin/')

const binding = (name: string, binary: string, children: string, variable: string): string => `
  - name: ${name}
    selector: { binary: ${binary}, children: ${children} }
    secretRefs: [{ name: ${variable}, source: { envRef: SOURCE } }]`
const config = (...bindings: string[]): string => `
version: v1
policy: { mode: enforce }
secrets:${bindings.join('')}
`
const WEB = binding('web', PERL, 'inherit', 'WEB_TOKEN')
const start = (text: string) => startAgent({ config: text, env: { SOURCE: SECRET }, args: ['--stay'] })

let agent: Agent | undefined
let program: ChildProcessWithoutNullStreams | undefined

afterEach(async () => {
  program?.kill('SIGKILL')
  await agent?.stop()
  agent = undefined
  kernelseal(['unload', '--force'])
})

/** A bound program that runs each line it is given as a command, by a shell. */
function listening(
  path: string,
  script: string,
): { readonly tell: (line: string) => void; readonly said: () => string } {
  program = spawn(path, [path === PERL ? '-e' : '-c', script], { env: { PATH: '/usr/bin', ...agent?.placeholders } })
  const output: string[] = []
  program.stdout.on('data', (chunk) => output.push(String(chunk)))
  return { tell: (line) => void program?.stdin.write(`${line}\n`), said: () => output.join('') }
}

/** PID of a child that sleeps. */
async function childOf({ tell, said }: ReturnType<typeof listening>): Promise<number> {
  const before = said().length
  tell("sh -c 'echo child $$; exec sleep 60' &")
  const pid = () => /child (\d+)\n/.exec(said().slice(before))?.[1]
  return Number(await eventually('the child', pid))
}

const environ = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'no code'
  }
}

const RUN_LINES = '$| = 1; print "ready\\n"; while (<STDIN>) { system($_) }'

test('an agent that follows with a binding before the earlier ones leaves theirs to those that run', async () => {
  agent = await start(config(WEB))
  const web = listening(PERL, RUN_LINES)
  await eventually('it runs', () => web.said().includes('ready'))
  assert.equal(environ(await childOf(web)), 'EPERM')
  await agent.stop()
  agent = await start(config(binding('job', '/usr/bin/env', 'scrub', 'JOB_TOKEN'), WEB))
  const child = await childOf(web)
  await eventually('its program', () => environ(child) !== '')
  assert.equal(environ(child), 'EPERM')
})

test('one that follows without them too: their children have the promised values', async () => {
  agent = await start(config(WEB))
  const web = listening(PERL, RUN_LINES)
  await eventually('it runs', () => web.said().includes('ready'))
  await agent.stop()
  agent = await start(config(binding('job', '/usr/bin/env', 'deny', 'JOB_TOKEN')))
  assert.equal(environ(await childOf(web)), 'EPERM')
})

test('a variable that a binding gave is scrubbed from children after a reload that gives another in its place', async () => {
  const giving = (variable: string): string => config(binding('job', PYTHON, 'scrub', variable))
  agent = await start(giving('OLD_TOKEN'))
  const lines = 'import os, sys\nprint("ready", flush=True)\nfor line in sys.stdin: os.system(line)'
  const job = listening(PYTHON, lines)
  await eventually('it runs', () => job.said().includes('ready'))
  writeFileSync(agent.config, giving('NEW_TOKEN'))
  process.kill(agent.pid, 'SIGHUP')
  await eventually('the reload', () => agent?.events().some(({ event }) => event === 'policy'))
  job.tell('env')
  await eventually('the environment', () => /^OLD_TOKEN=/m.test(job.said()))
  assert.match(job.said(), /^OLD_TOKEN=$/m)
  assert.doesNotMatch(job.said(), new RegExp(SECRET))
})

test('a variable with a name of the greatest length is scrubbed', async () => {
  const longest = `L${'O'.repeat(60)}G`
  agent = await start(config(binding('job', PYTHON, 'scrub', longest)))
  const job = listening(
    PYTHON,
    `import os; print(len(os.environ['${longest}']), flush=True); os.execv('/usr/bin/env', ['env'])`,
  )
  await eventually('the environment', () => job.said().includes(`${longest}=`))
  assert.match(job.said(), new RegExp(`^${SECRET.length}\\n`))
  assert.match(job.said(), new RegExp(`^${longest}=$`, 'm'))
})
