/**
 * Records of processes that have ended: an unprivileged user of one Pod, with a limit of 64 processes, holds as many task_structs as
 * the node's table of records has places, and the other Pods start and fork as before. KERNELSEAL_RECORDS=66000 takes a minute and 3 GiB.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { admitted } from '../support/admitted.ts'
import { type Agent, eventually, startAgent } from '../support/agent-under-test.ts'
import { compiled } from '../support/compile.ts'
import { endContainers, startContainer } from '../support/containers.ts'
import { type PidNamespace, pidNamespace } from '../support/pid-namespace.ts'

/** More than the table has places (bpf/lib/maps.h, processes): fewer prove nothing. */
const HELD = Number(process.env.KERNELSEAL_RECORDS ?? 66_000)
const SECRET = 'of-a-good-pod-9'
const BINDINGS = `
- name: printer
  selector: { binary: /usr/bin/printenv, container: app }
  secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
const GROUPS = '/sys/fs/cgroup'
const GROUP = `${GROUPS}/held-records`
const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']
/** An answer takes a second; a Pod that cannot fork gives none. */
const ANSWER_MS = 60_000

let hostile: PidNamespace
let space: PidNamespace
let agents: Agent[]
let holder: string
before(async () => {
  writeFileSync('/proc/sys/kernel/perf_event_paranoid', '2')
  writeFileSync('/proc/sys/fs/nr_open', '1048576')
  writeFileSync(`${GROUPS}/cgroup.subtree_control`, '+pids')
  mkdirSync(GROUP)
  writeFileSync(`${GROUP}/pids.max`, '64')
  holder = compiled(join(import.meta.dirname, 'hold-tasks.c'))
  ;[hostile, space] = [await pidNamespace(), await pidNamespace()]
  agents = []
  for (const { args } of [hostile, space])
    agents.push(await startAgent({ annotations: admitted(BINDINGS), env: { SOURCE: SECRET }, args }))
})
after(async () => {
  endContainers()
  for (const agent of agents) await agent.stop()
  for (const { end } of [hostile, space]) await end()
})

/** In the hostile Pod, until a line comes. */
function hold() {
  const join = `echo $$ >${GROUP}/cgroup.procs && ulimit -n 1000000 && exec "$@"`
  const command = [...hostile.enter, ...NOBODY, holder, String(HELD)]
  const child = spawn('bash', ['-c', join, 'bash', ...command], { stdio: ['pipe', 'pipe', 'inherit'] })
  const output: string[] = []
  child.stdout.on('data', (chunk) => output.push(String(chunk)))
  return { child, said: () => output.join('') }
}

async function answers(ask: Promise<string>): Promise<string> {
  const never = new Promise<string>((resolve) => setTimeout(resolve, ANSWER_MS, 'no answer').unref())
  return Promise.race([ask, never])
}

test(`while a Pod holds ${HELD} tasks that have ended, another one forks, and its programs have their values`, async (context) => {
  const [, agent] = agents
  const old = startContainer(space, agent!.placeholders)
  await old.begun()
  assert.equal(await old.ask('printenv TOKEN'), SECRET)
  const { child, said } = hold()
  await eventually('all are held', () => said().includes('held'), 1_200_000)
  context.diagnostic(
    `${said().trim()}; processes of its group: ${readFileSync(`${GROUP}/pids.current`, 'latin1').trim()}`,
  )
  assert.equal(spawnSync('/usr/bin/true').status, 0)
  assert.equal(await answers(old.ask('/usr/bin/true; echo status $?')), 'status 0')
  assert.equal(await answers(old.ask('printenv TOKEN')), SECRET)
  assert.equal(said(), `held ${HELD}\n`)
  child.stdin.end('\n')
})
