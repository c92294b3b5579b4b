/** A program attached from within one memory, which stays attached when it has another. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Agent, startAgent } from '../../support/agent-under-test.ts'
import { compiled } from '../../support/compile.ts'

const SECRET = 'attached-and-left-81'
let agent: Agent
let bound: string
let other: string

before(async () => {
  bound = compiled(join(import.meta.dirname, 'attached.c'))
  other = `${bound}-other`
  copyFileSync(bound, other)
  const refs = (name: string) => `secretRefs: [{ name: ${name}, source: { envRef: SOURCE } }]`
  const config = `
version: v1
policy: { mode: enforce }
secrets:
  - { name: attached, selector: { binary: ${bound} }, ${refs('TOKEN')} }
`
  agent = await startAgent({ config, env: { SOURCE: SECRET } })
})
after(() => agent.stop())

const run = (command: string, args: readonly string[], env: Readonly<Record<string, string>>) =>
  spawnSync(command, args, { env: { PATH: '/usr/bin', ...env }, encoding: 'latin1' })

test('without a seal the next program of a vfork child reads its parent', () => {
  assert.equal(run(other, [other], { TOKEN: SECRET }).stdout, `peeked ${SECRET}\n`)
})

test('a vfork child does not attach to its sealed parent', () => {
  const { stdout, status } = run(bound, [other], agent.placeholders)
  assert.deepEqual([stdout, status], ['', constants.errno.EPERM])
})
