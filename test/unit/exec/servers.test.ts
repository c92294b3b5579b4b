/** The way to servers with secrets under `kernelseal exec`: the agent has it, the command has not, and no command line shows it. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { agentEnvironment, commandEnvironment } from '../../../agent/cli/exec.ts'
import { SERVER_VARIABLES } from '../../../agent/sources/server-variables.ts'
import { openSources } from '../../../agent/sources/sources.ts'
import { temporaryFolder } from '../temporary.ts'
import { startRecordedVault } from '../vault/recorded-vault.ts'

const server = await startRecordedVault()
after(() => server.close())
const folder = temporaryFolder('exec-servers')

/** Of the caller: every variable about a server is set, and others. */
const all = Object.fromEntries(SERVER_VARIABLES.map((name) => [name, `of ${name}`]))
const caller = { ...all, PATH: '/bin', HOME: '/root', TOKEN: 'hunter2' }

describe('the variables of servers with secrets', () => {
  it('are handed to the agent, each of them, and of the others none that may be a secret', () => {
    assert.ok(SERVER_VARIABLES.length >= 8)
    assert.deepEqual(agentEnvironment(caller), { ...all, PATH: '/bin' })
    assert.deepEqual(agentEnvironment({ PATH: '/bin' }), { PATH: '/bin' })
  })

  it('are not handed to the command', () => {
    const given = commandEnvironment(caller, { placeholders: { PGPASSWORD: 'placeholder' }, sources: ['TOKEN'] })
    assert.deepEqual(given, { PATH: '/bin', HOME: '/root', PGPASSWORD: 'placeholder' })
  })

  it('are enough for the agent to read a value there', async () => {
    const tokenFile = join(folder, 'token')
    writeFileSync(tokenFile, 'account-token')
    server.secrets.set('secret/data/shop/db', { password: 'hunter2' })
    const env = {
      KERNELSEAL_VAULT_ADDR: server.address,
      KERNELSEAL_VAULT_ROLE: 'shop',
      KERNELSEAL_VAULT_CA: server.ca,
      KERNELSEAL_VAULT_TOKEN_FILE: tokenFile,
    }
    const ref = { kind: 'vaultRef', path: 'shop/db', key: 'password' } as const
    await assert.rejects(async () => openSources().read(ref), /the agent knows no Vault/)
    Object.assign(process.env, agentEnvironment(env))
    assert.equal(String(await openSources().read(ref)), 'hunter2')
  })
})
