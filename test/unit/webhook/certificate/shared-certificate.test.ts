import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import { probe } from '../../../../webhook/certificate/self-probe.ts'
import { advance } from '../../../../webhook/certificate/shared/advance.ts'
import {
  keep as keepWith,
  type Memory,
  newMemory,
  type SharedSettings,
} from '../../../../webhook/certificate/shared/keep.ts'
import { sharedCertificate } from '../../../../webhook/certificate/shared/keeper.ts'
import { acquireLease } from '../../../../webhook/certificate/shared/lease.ts'
import { CONFIGURATIONS, LAST_WORD, publishedBundles } from '../../../../webhook/certificate/shared/publish.ts'
import { bundleOf, splitPem } from '../../../../webhook/certificate/shared/sound.ts'
import { nextStep, readState } from '../../../../webhook/certificate/shared/state.ts'
import { loadSettings } from '../../../../webhook/settings/load.ts'
import { startWebhook } from '../../../../webhook/start.ts'
import { configurationOf, type StandIn, startStandIn } from '../stand-in-api.ts'

const DAY = 24 * 60 * 60 * 1000
const SETTINGS: SharedSettings = {
  namespace: 'ks',
  name: 'tls',
  dnsNames: ['localhost'],
  holder: 'one',
  checkSeconds: 60,
}
const SECRET = '/api/v1/namespaces/ks/secrets/tls'
const log = { debug() {}, info() {}, warn() {}, error() {} }

let server: StandIn
let memory: Memory
/** The certificate that the one replica of a test serves. */
const keep = async (
  ...[api, settings, now]: Parameters<typeof keepWith> extends [...infer First, Memory] ? First : never
) => (await keepWith(api, settings, now, memory))?.pair
before(async () => {
  server = await startStandIn()
})
after(() => server.close())
beforeEach(() => {
  memory = newMemory()
  server.clock = () => Date.now()
  server.objects.clear()
  server.writes.length = 0
  server.objects.set(CONFIGURATIONS[0], configurationOf('other.example', 'inject.kernelseal.io'))
  server.objects.set(CONFIGURATIONS[1], configurationOf('sessions.kernelseal.io', 'debug.kernelseal.io'))
})

const state = () => readState(server.objects.get(SECRET)?.data)
const serial = (pem: string) => new X509Certificate(pem).serialNumber
/** The served certificate is signed by one of those the API server trusts. */
async function assertTrusted(leaf: string) {
  const trusted = splitPem((await publishedBundles(server.api))[0]!).map((pem) => new X509Certificate(pem))
  const certificate = new X509Certificate(leaf)
  assert.ok(
    trusted.some((ca) => certificate.checkIssued(ca) && certificate.verify(ca.publicKey)),
    'no API server trusts it',
  )
}

describe('a certificate shared by replicas', () => {
  it('is made once, published in every webhook of ours by name, and served by all', async () => {
    const [one, two] = await Promise.all(
      ['one', 'two'].map((holder) =>
        sharedCertificate(server.api, { ...SETTINGS, holder }, { changed() {}, rejected: assert.fail }),
      ),
    )
    assert.equal(one!.first.cert, two!.first.cert)
    await assertTrusted(one!.first.cert)
    const bundles = CONFIGURATIONS.flatMap((path) => server.objects.get(path)!.webhooks)
    assert.deepEqual(
      bundles.map(({ clientConfig }) => clientConfig.caBundle !== undefined),
      [false, true, true, true],
    )
    assert.equal(server.writes.filter((write) => write.endsWith('/secrets')).length, 1)
    one!.close()
    two!.close()
  })

  it('is published for the last word too, once that is installed beside', async () => {
    await keep(server.api, SETTINGS, Date.now())
    server.objects.set(LAST_WORD, configurationOf('last.kernelseal.io'))
    assert.deepEqual(new Set(await publishedBundles(server.api)).size, 2)
    await keep(server.api, SETTINGS, Date.now())
    const bundles = await publishedBundles(server.api)
    assert.deepEqual([bundles.length, new Set(bundles).size], [4, 1])
  })

  it('is not written again, nor published, while nothing changes', async () => {
    await keep(server.api, SETTINGS, Date.now())
    server.writes.length = 0
    await keep(server.api, SETTINGS, Date.now())
    assert.deepEqual(server.writes, [])
  })

  it('lives longer than its authority: never untrusted, at any hour, and the old authority goes when it ends', async () => {
    const start = Date.now()
    let leaf = ''
    const leaves = new Set<string>()
    const authorities = new Set<string>()
    // RSA keys take time: a look every ten days, and every three minutes while an authority is being exchanged.
    const realNow = Date.now
    try {
      for (
        let now = start;
        now < start + 760 * DAY;
        now += state()?.['next.since'] === undefined ? 10 * DAY : 3 * 60 * 1000
      ) {
        Date.now = () => now
        const pair = await keep(server.api, SETTINGS, now)
        assert.ok(pair)
        await assertTrusted(pair.cert)
        // Before the new leaf was served, its authority was already trusted: so is the old leaf's still.
        if (leaf !== '' && new X509Certificate(leaf).validToDate.getTime() > now) await assertTrusted(leaf)
        leaf = pair.cert
        leaves.add(serial(leaf))
        authorities.add(serial(state()!['signer.crt']))
      }
    } finally {
      Date.now = realNow
    }
    assert.equal(authorities.size, 2)
    assert.ok(leaves.size >= 9, `${leaves.size} leaves`)
  })

  it('is renewed at once where it expired unnoticed', async () => {
    const start = Date.now()
    await keep(server.api, SETTINGS, start)
    const { 'signer.crt': signer } = state()!
    // The authority, of 730 days, is in its last third as well, and has ended in the end.
    for (const [days, step] of [
      [500, 'renew-leaf'],
      [740, 'create'],
    ] as const) {
      assert.equal(nextStep(state(), start + days * DAY), step)
    }
    const realNow = Date.now
    try {
      Date.now = () => start + 500 * DAY
      const pair = await keep(server.api, SETTINGS, Date.now())
      assert.ok(new X509Certificate(pair!.cert).validToDate.getTime() > Date.now())
      assert.equal(state()!['signer.crt'], signer)
    } finally {
      Date.now = realNow
    }
    assert.equal(nextStep(state(), start + 500 * DAY), 'prepare-authority')
  })

  it('is made anew where the Secret holds something else', async () => {
    server.objects.set(SECRET, { metadata: { name: 'tls', resourceVersion: '0' }, data: { 'tls.crt': 'eA==' } })
    assert.ok(await keep(server.api, SETTINGS, Date.now()))
    assert.equal(nextStep(state(), Date.now()), 'none')
  })

  it('is exchanged where another replica renews it, at the next look', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const events = { changed: ({ cert }: { cert: string }) => resolve(cert), rejected: assert.fail }
    const serving = await sharedCertificate(server.api, { ...SETTINGS, checkSeconds: 1 }, events)
    const stored = server.objects.get(SECRET)!
    const old = state()!
    const next = await advance('renew-leaf', old, SETTINGS.dnsNames, Date.now())
    const data = Object.entries(next).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
    server.objects.set(SECRET, { ...stored, data: Object.fromEntries(data) })
    assert.equal(await promise, next['tls.crt'])
    assert.notEqual(next['tls.crt'], old['tls.crt'])
    serving.close()
  })

  it('waits for the replica that holds the Lease, and takes over when that has died', async () => {
    const now = Date.now()
    assert.equal(await acquireLease(server.api, { namespace: 'ks', name: 'tls', holder: 'two' }, {}, now), true)
    assert.equal(await keep(server.api, SETTINGS, now), undefined)
    assert.equal(await keep(server.api, SETTINGS, now + 29_000), undefined)
    assert.ok(await keep(server.api, SETTINGS, now + 31_000))
  })

  it('drops expired authorities from the bundle', async () => {
    await keep(server.api, SETTINGS, Date.now())
    const ca = state()!['signer.crt']
    assert.equal(bundleOf(ca, ca, Date.now()), `${ca.trim()}\n`)
    assert.equal(bundleOf(ca, '', Date.now() + 800 * DAY), '')
  })
})

describe('a webhook with a shared certificate', () => {
  it('is ready while its published caBundle fits, and not with another', async () => {
    const flags = [
      '--agent-image',
      'a',
      '--host',
      '127.0.0.1',
      '--port',
      '0',
      '--metrics-port',
      '0',
      '--cert-secret',
      'tls',
    ]
    server.objects.set('/api/v1/namespaces', { metadata: { name: '', resourceVersion: '1' }, items: [] })
    server.objects.set('/version', { metadata: { name: '' }, minor: '34' })
    const own = ['--namespace', 'ks', '--dns-names', 'localhost', '--api-server', server.url]
    const webhook = await startWebhook(loadSettings([...flags, ...own], {}), log)
    assert.deepEqual(await probe(server.api, webhook.port, 'localhost'), { kind: 'trusted' })
    const other = server.objects.get(CONFIGURATIONS[0])!
    other.webhooks[1].clientConfig.caBundle = Buffer.from((await keepOther()).ca).toString('base64')
    assert.match(
      JSON.stringify(await probe(server.api, webhook.port, 'localhost')),
      /"untrusted".*(certificate|issuer|signature)/,
    )
    server.objects.delete(CONFIGURATIONS[0])
    assert.equal((await probe(server.api, webhook.port, 'localhost')).kind, 'unknown')
    await webhook.close()
  })
})

const keepOther = async () =>
  (await import('../../../../webhook/certificate/self-signed.ts')).createAuthority(['localhost'])
