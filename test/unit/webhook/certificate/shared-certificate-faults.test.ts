/** The replicas' certificate when a clock, the Secret, the caBundle or the API server is wrong. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAuthority } from '../../../../webhook/certificate/self-signed.ts'
import { advance } from '../../../../webhook/certificate/shared/advance.ts'
import { judge } from '../../../../webhook/certificate/shared/clocks.ts'
import { keep, newMemory, type SharedSettings } from '../../../../webhook/certificate/shared/keep.ts'
import { sharedCertificate } from '../../../../webhook/certificate/shared/keeper.ts'
import { acquireLease } from '../../../../webhook/certificate/shared/lease.ts'
import { CONFIGURATIONS, publishedBundles } from '../../../../webhook/certificate/shared/publish.ts'
import { isSoundBundle, splitPem } from '../../../../webhook/certificate/shared/sound.ts'
import { type CertificateState, isSound, readState } from '../../../../webhook/certificate/shared/state.ts'
import type { KeyPair } from '../../../../webhook/certificate/tls.ts'
import type { KubeApi } from '../../../../webhook/kube/client.ts'
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

let server: StandIn
/** RSA keys take time, so that most tests begin with these. */
let made: CertificateState
before(async () => {
  server = await startStandIn()
  made = await advance('create', undefined, SETTINGS.dnsNames, Date.now())
})
after(() => server.close())
beforeEach(() => {
  server.objects.clear()
  server.writes.length = 0
  server.objects.set(CONFIGURATIONS[0], configurationOf('inject.kernelseal.io'))
  server.objects.set(CONFIGURATIONS[1], configurationOf('sessions.kernelseal.io'))
})

/** A replica with a clock that is off by `skew` ms: it asks the API server as all do, and gets its time. */
function replica(holder: string, skew = 0) {
  const memory = newMemory()
  const api: KubeApi = { ...server.api, clockOffset: () => -skew }
  const state: { pair?: KeyPair; held?: string | undefined } = {}
  let looks = 0
  // Two seconds apart: as long as a Lease that was let go lasts.
  const look = async () => {
    const kept = await keep(api, { ...SETTINGS, holder }, Date.now() + skew + looks++ * 2_000, memory)
    if (kept !== undefined) Object.assign(state, { pair: kept.pair, held: kept.held })
  }
  return { look, state }
}

/** As an API server with the right time would: by the published authorities, and now. */
async function isTrusted({ cert }: KeyPair): Promise<boolean> {
  const leaf = new X509Certificate(cert)
  const [bundle = ''] = await publishedBundles(server.api)
  const signed = splitPem(bundle).some((pem) => {
    const authority = new X509Certificate(pem)
    return leaf.checkIssued(authority) && leaf.verify(authority.publicKey)
  })
  return signed && leaf.validFromDate.getTime() <= Date.now() && leaf.validToDate.getTime() > Date.now()
}

const stored = () => readState(server.objects.get(SECRET)?.data)

describe('a replica whose clock is 61 days ahead', () => {
  it('signs nothing that the others would serve, and says which clock', async () => {
    const [wrong, two, three] = [replica('wrong', 61 * DAY), replica('two'), replica('three')]
    put(made)
    await two.look()
    const before = stored()
    for (let round = 0; round < 4; round++) for (const each of [wrong, two, three]) await each.look()
    assert.deepEqual(stored(), before)
    for (const { state } of [wrong, two, three]) assert.ok(await isTrusted(state.pair!))
  })

  it('does not renew a due certificate either, which another replica will, and says so', () => {
    const due = Date.now() + 61 * DAY
    assert.equal(judge(made, due).step, 'renew-leaf')
    assert.equal(judge(made, due + 61 * DAY, -31 * DAY).step, 'renew-leaf', 'both find that it has ended')
    const ahead = judge(made, due + 61 * DAY, -61 * DAY)
    assert.equal(ahead.step, 'none')
    assert.match(ahead.held!, /differ by 5270400 s: no certificate is signed \(renew-leaf\)/)
  })

  it('makes the first certificate by the time of the API server, where there is none at all', async () => {
    const wrong = replica('wrong', 61 * DAY)
    await wrong.look()
    assert.ok(await isTrusted(wrong.state.pair!))
  })

  it('holds the Lease no longer than one whose clock is right', async () => {
    const lease = { namespace: 'ks', name: 'tls' }
    assert.ok(await acquireLease(server.api, { ...lease, holder: 'wrong' }, {}, Date.now() + 61 * DAY))
    const seen = {}
    const ask = (seconds: number) =>
      acquireLease(server.api, { ...lease, holder: 'two' }, seen, Date.now() + seconds * 1000)
    assert.deepEqual([await ask(0), await ask(29), await ask(31)], [false, false, true])
  })
})

describe('a certificate of the time to come', () => {
  it('is replaced, since no API server takes it', async () => {
    const [one, two] = [replica('one'), replica('two')]
    put(made)
    await one.look()
    put(await advance('renew-leaf', stored(), ['localhost'], Date.now() + 61 * DAY))
    await two.look()
    await two.look()
    assert.ok(await isTrusted(two.state.pair!))
    assert.ok(isSound(stored(), Date.now()))
  })
})

function put(state: object): void {
  const entries = Object.entries(state).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  const metadata = server.objects.get(SECRET)?.metadata ?? { name: 'tls', resourceVersion: '1' }
  server.objects.set(SECRET, { metadata, data: Object.fromEntries(entries) })
}

const SPOILED: readonly [what: string, spoil: () => void][] = [
  ['deleted', () => void server.objects.delete(SECRET)],
  ...(['ca.crt', 'tls.crt', 'tls.key', 'signer.crt', 'signer.key'] as const).flatMap(
    (key) =>
      [
        [`given garbage as ${key}`, () => put({ ...stored()!, [key]: 'garbage' })],
        [`robbed of its ${key}`, () => put({ ...stored()!, [key]: '' })],
      ] as [string, () => void][],
  ),
]

describe('a Secret that was', () => {
  for (const [what, spoil] of SPOILED) {
    it(`${what} is healed by any replica; none ever serves what API servers do not trust`, async () => {
      const [one, two] = [replica('one'), replica('two')]
      put(made)
      await Promise.all([one.look(), two.look()])
      spoil()
      for (const each of [one, two, one, two]) {
        await each.look()
        for (const { state } of [one, two]) assert.ok(await isTrusted(state.pair!))
      }
      assert.ok(isSound(stored(), Date.now()))
    })

    it(`${what} while no replica remembers it is made usable, and what is served elsewhere stays trusted`, async () => {
      const old = replica('old')
      put(made)
      await old.look()
      spoil()
      const fresh = replica('fresh')
      for (let round = 0; round < 3; round++) await fresh.look()
      assert.ok(await isTrusted(fresh.state.pair!))
      assert.ok(await isTrusted(old.state.pair!), 'the certificate of a replica that has not looked yet')
    })
  }

  it('replaced by another sound one keeps the authority that is being served by', async () => {
    const one = replica('one')
    put(made)
    await one.look()
    put(await advance('create', undefined, ['localhost'], Date.now()))
    const old = one.state.pair!
    await one.look()
    await one.look()
    assert.ok(await isTrusted(old))
    assert.notEqual(one.state.pair!.cert, old.cert)
  })
})

it('a bundle of a whole Secret of authorities is spoiled, and no more of it is looked at than 32', async () => {
  const { ca } = await createAuthority(['one'])
  const bundle = ca.repeat(700)
  assert.equal(splitPem(bundle).length, 32)
  assert.equal(isSoundBundle({ 'ca.crt': bundle } as CertificateState, Date.now()), false)
})

describe('an API server that', () => {
  for (const status of [500, 429, 401, 403]) {
    it(`answers ${status} at the start is waited for, and that is said`, async () => {
      put(made)
      server.failures.push({ status, path: SECRET }, { status, path: SECRET })
      const said: string[] = []
      const events = {
        changed() {},
        rejected: assert.fail,
        waiting: ({ message }: Error) => void said.push(message),
      }
      const serving = await sharedCertificate(server.api, SETTINGS, events)
      assert.deepEqual([said.length, said.every((text) => text.includes(`${status}`))], [2, true])
      assert.ok(await isTrusted(serving.first))
      serving.close()
    })
  }
})

describe('a caBundle that was emptied', () => {
  it('is put back when the self-probe asks for it, and not at the next look a minute later', async () => {
    put(made)
    const serving = await sharedCertificate(server.api, SETTINGS, { changed() {}, rejected: assert.fail })
    server.objects.set(CONFIGURATIONS[0], configurationOf('inject.kernelseal.io'))
    assert.equal(await isTrusted(serving.first), false)
    serving.recheck!()
    for (let turns = 0; turns < 100 && !(await isTrusted(serving.first)); turns++) await sleep(20)
    assert.ok(await isTrusted(serving.first))
    serving.close()
  })
})
