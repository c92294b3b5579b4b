import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { type Authority, createAuthority } from '../../../../webhook/certificate/self-signed.ts'
import { certificateFromFiles, checkPair } from '../../../../webhook/certificate/tls.ts'
import { loadSettings, type Settings } from '../../../../webhook/settings/load.ts'
import { startWebhook, type Webhook } from '../../../../webhook/start.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }
const settings = (...flags: string[]): Settings =>
  loadSettings(['--agent-image', 'agent:1', '--host', '127.0.0.1', '--port', '0', '--metrics-port', '0', ...flags], {})

const REVIEW = JSON.stringify({
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  request: {
    uid: 'u1',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    operation: 'CREATE',
    object: {
      metadata: { annotations: { 'secret.kernelseal.io/T': 'secret/t/t' } },
      spec: { containers: [{ name: 'a' }] },
    },
  },
})

interface Reply {
  readonly status: number
  readonly body: string
  readonly serial: string
}

/** Posts a review (or the given body) and trusts only the given CA, as the API server does with its caBundle. */
function post(port: number, ca: string, agent = new Agent(), body: string | Buffer = REVIEW): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', servername: 'localhost', port, ca, agent, path: '/mutate', method: 'POST' }
    const sending = request(options, async (response) => {
      const serial = (response.socket as TLSSocket).getPeerCertificate().serialNumber
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk)
      resolve({ status: response.statusCode!, body: Buffer.concat(chunks).toString(), serial })
    })
    sending.on('error', reject)
    sending.end(body)
  })
}

describe('a webhook with a certificate of its own', () => {
  let webhook: Webhook
  before(async () => {
    webhook = await startWebhook(settings(), log)
    await webhook.ready
  })
  after(() => webhook.close())

  it('is trusted through the CA it publishes, and answers over TLS', async () => {
    const { status, body } = await post(webhook.port, webhook.ca!)
    assert.equal(status, 200)
    assert.equal(JSON.parse(body).response.allowed, true)
  })

  it('is not trusted without it', async () => {
    await assert.rejects(post(webhook.port, (await createAuthority(['localhost'])).ca), /signature|certificate|issuer/)
  })

  it('answers a real body over the limit in the protocol', async () => {
    const body = REVIEW.replace('"T":"env:T"', '').replace(
      '"metadata"',
      `"padding":"${'x'.repeat(7_400_000)}","metadata"`,
    )
    const reply = await post(webhook.port, webhook.ca!, new Agent(), body)
    assert.equal(reply.status, 200)
    const { uid, status } = JSON.parse(reply.body).response
    assert.deepEqual([uid, status.code], ['u1', 413])
  })

  it('shows metrics in the clear on the other port', async () => {
    const text = await (await fetch(`http://127.0.0.1:${webhook.metricsPort}/metrics`)).text()
    assert.match(text, /kernelseal_certificate_expiry_timestamp_seconds \d+/)
    assert.match(text, /process_resident_memory_bytes/)
  })

  it('stops while a connection is kept open, and may be told twice', async () => {
    const other = await startWebhook(settings(), log)
    await other.ready
    const agent = new Agent({ keepAlive: true })
    await post(other.port, other.ca!, agent)
    await Promise.all([other.close(), other.close()])
    await assert.rejects(post(other.port, other.ca!), /ECONNREFUSED/)
    agent.destroy()
  })
})

describe('a certificate from files', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kernelseal-tls-'))
  const certFile = join(directory, 'tls.crt')
  const keyFile = join(directory, 'tls.key')
  let authority: Authority
  before(async () => {
    authority = await createAuthority(['localhost', '127.0.0.1'])
  })
  after(() => rmSync(directory, { recursive: true }))

  const write = async () => {
    const { cert, key } = await authority.issue()
    writeFileSync(certFile, cert)
    writeFileSync(keyFile, key)
    return { cert, key }
  }

  /** A webhook that serves the files, and the moment at which it serves others. */
  const startServing = async (...flags: string[]) => {
    await write()
    const { promise: exchanged, resolve } = Promise.withResolvers<void>()
    const noting = {
      ...log,
      info: (_: object, message: string) => void (message.startsWith('new certificate') && resolve()),
    }
    const webhook = await startWebhook(settings('--cert-file', certFile, '--key-file', keyFile, ...flags), noting)
    after(() => webhook.close())
    return { webhook, exchanged }
  }

  it('is exchanged while running, without a restart and without dropping an open connection', async () => {
    const { webhook, exchanged } = await startServing()
    const kept = new Agent({ keepAlive: true, maxSockets: 1 })
    const old = await post(webhook.port, authority.ca, kept)
    await write()
    await exchanged
    assert.equal((await post(webhook.port, authority.ca, kept)).serial, old.serial)
    const fresh = await post(webhook.port, authority.ca)
    assert.deepEqual([fresh.status, fresh.serial === old.serial], [200, false])
    kept.destroy()
  })

  it('is exchanged without forgetting whose certificates callers have', async () => {
    const [callers, callersFile] = [await createAuthority(['kube-apiserver']), join(directory, 'callers.pem')]
    writeFileSync(callersFile, callers.ca)
    const { webhook, exchanged } = await startServing('--client-ca-file', callersFile)
    const ask = async (identity = {}) => (await post(webhook.port, authority.ca, new Agent(identity))).status
    const identity = await callers.issue('clientAuth')
    assert.deepEqual([await ask(identity), await ask()], [200, 401])
    await write()
    await exchanged
    assert.deepEqual([await ask(identity), await ask()], [200, 401])
  })

  it('that no longer fits its key is refused, and the old one stays', async () => {
    await write()
    const { key } = await authority.issue()
    const [error] = await new Promise<[Error]>((resolve, reject) => {
      const events = { changed: () => reject(new Error('taken over')), rejected: (error: Error) => resolve([error]) }
      certificateFromFiles(certFile, keyFile, events).then(({ close }) => {
        after(close)
        writeFileSync(keyFile, key)
      }, reject)
    })
    assert.match(error.message, /tls\.crt` with key `.*tls\.key`: the key does not belong to the certificate/)
  })

  it('that is missing stops the start, with its path', async () => {
    const start = startWebhook(settings('--cert-file', '/nowhere/tls.crt', '--key-file', keyFile), log)
    await assert.rejects(start, /\/nowhere\/tls\.crt/)
  })

  it('that has expired is refused, with the date', async () => {
    const { cert, key } = await authority.issue()
    assert.throws(() => checkPair(cert, key, new Date(Date.now() + 91 * 24 * 3600 * 1000)), /expired on \d{4}-/)
  })

  it('is accepted by openssl as a chain with the right names', async (context) => {
    const { cert } = await write()
    const caFile = join(directory, 'ca.crt')
    writeFileSync(caFile, authority.ca)
    writeFileSync(certFile, cert)
    const { spawn } = await import('node:child_process')
    const child = spawn('openssl', [
      'verify',
      '-x509_strict',
      '-purpose',
      'sslserver',
      '-verify_hostname',
      'localhost',
      '-CAfile',
      caFile,
      certFile,
    ])
    child.on('error', () => context.skip('openssl is not installed'))
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += chunk
      })
    const [status] = await once(child, 'close')
    assert.equal(status, 0, output)
  })
})

describe('a webhook that checks its callers', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kernelseal-callers-'))
  after(() => rmSync(directory, { recursive: true }))

  it('answers those with a certificate of the right name, refuses others with 401, and lets probes in', async () => {
    const callers = await createAuthority(['kube-apiserver'])
    const strangers = await createAuthority(['kube-apiserver'])
    const others = await createAuthority(['somebody'])
    writeFileSync(join(directory, 'ca.pem'), callers.ca)
    const webhook = await startWebhook(
      settings('--client-ca-file', join(directory, 'ca.pem'), '--client-names', 'kube-apiserver'),
      log,
    )
    await webhook.ready
    after(() => webhook.close())
    const ask = async (authority?: Authority) => {
      const agent = new Agent(authority === undefined ? {} : await authority.issue('clientAuth'))
      return (await post(webhook.port, webhook.ca!, agent)).status
    }
    assert.deepEqual([await ask(callers), await ask(), await ask(strangers), await ask(others)], [200, 401, 401, 401])
    const probe = await new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        servername: 'localhost',
        port: webhook.port,
        ca: webhook.ca!,
        path: '/readyz',
      }
      request(options, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end()
    })
    assert.equal(probe, 200)
  })
})
