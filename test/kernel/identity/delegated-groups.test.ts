/**
 * Control groups below one that is delegated to a service's user, which may make as many as there is memory for: none of them takes
 * the place of another service's group, which would start without its values, and unsealed.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, rmdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Agent, startAgent } from '../../support/agent-under-test.ts'

const ROOT = '/sys/fs/cgroup'
const [HOSTILE, GOOD] = ['shop.slice/hostile.service', 'shop.slice/good.service']
const SECRET = 'of-the-good-service-2b7d'
const NOBODY = 65534
/** More than the table has places (bpf/lib/maps.h, cgroup_scopes). */
const GROUPS = 17_000
const MAKE = 'my $n = 0; for (1..$ARGV[1]) { mkdir "$ARGV[0]/$_" or die $!; $n++ } print $n'
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
let hostile: Agent
let good: Agent
before(async () => {
  const start = (group: string) => startAgent({ config, env: { SOURCE: SECRET }, args: ['--cgroup', group] })
  hostile = await start(HOSTILE)
  good = await start(GOOD)
})
after(async () => {
  for (const agent of [hostile, good]) await agent.stop()
})

/** In a group of a number of its own, as a service that starts again has it. */
function startOf(group: string): string {
  mkdirSync(`${ROOT}/${group}`, { recursive: true })
  const script = `echo $$ >${ROOT}/${group}/cgroup.procs && exec /usr/bin/printenv TOKEN`
  const env = { PATH: '/usr/bin', ...good.placeholders }
  const { stdout, stderr } = spawnSync('sh', ['-c', script], { env, encoding: 'latin1' })
  rmdirSync(`${ROOT}/${group}`)
  return `${stdout}${stderr}`.trim()
}

test('outside of the services’ groups a start has its placeholder', () => {
  assert.equal(startOf('shop.slice/none.service'), good.placeholders.TOKEN)
})

test(`a service starts with its values after the user of another has made ${GROUPS} groups, and those without a place are counted`, async () => {
  assert.equal(startOf(GOOD), SECRET)
  const counted = () => hostile.metric('kernelseal_records_refused_total')
  assert.equal(await counted(), 0)
  mkdirSync(`${ROOT}/${HOSTILE}`)
  chownSync(`${ROOT}/${HOSTILE}`, NOBODY, NOBODY)
  const asNobody = ['--reuid', `${NOBODY}`, '--clear-groups', 'perl', '-e', MAKE, `${ROOT}/${HOSTILE}`, `${GROUPS}`]
  const { stdout, stderr } = spawnSync('setpriv', asNobody, { encoding: 'latin1' })
  assert.equal(stdout, `${GROUPS}`, stderr)
  assert.equal(startOf(GOOD), SECRET)
  assert.ok((await counted()) > 0)
})
