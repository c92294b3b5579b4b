/** The version of TLS that connections have. By 1.3 a client sends key updates that OpenSSL handles in one go, a second of a CPU for 11 MB. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { connect } from 'node:tls'
import { loadSettings } from '../../../../webhook/settings/load.ts'
import { startWebhook } from '../../../../webhook/start.ts'

const FLAGS = ['--agent-image', 'a', '--host', '127.0.0.1', '--port', '0', '--metrics-port', '0']
const log = { debug() {}, info() {}, warn() {}, error() {} }

async function versionWith(...flags: readonly string[]): Promise<string | null> {
  const webhook = await startWebhook(loadSettings([...FLAGS, ...flags], {}), log)
  try {
    await webhook.ready
    const client = connect({ host: '127.0.0.1', port: webhook.port, rejectUnauthorized: false })
    await once(client, 'secureConnect')
    const version = client.getProtocol()
    client.destroy()
    return version
  } finally {
    await webhook.close()
  }
}

describe('a connection to the webhook', () => {
  it('has no TLS 1.3', async () => assert.equal(await versionWith(), 'TLSv1.2'))
  it('has it where that is wanted', async () => assert.equal(await versionWith('--tls-max-version', '1.3'), 'TLSv1.3'))
})
