/** Self-signed certificates of two replicas, kept in a real Secret under a real Lease, and exchanged under load. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { createAuthority } from '../../webhook/certificate/self-signed.ts'
import { bundleOf, splitPem } from '../../webhook/certificate/shared/sound.ts'
import { type CertificateState, readState } from '../../webhook/certificate/shared/state.ts'
import { type Any, call, get, INJECTED, makeNamespace, must, patch, until } from '../support/cluster/cluster.ts'
import { type Installation, install, MUTATING, OVERLAY, SYSTEM, VALIDATING } from '../support/cluster/installation.ts'
import { figures, RATE, underLoad } from '../support/cluster/load.ts'
import { isOld } from '../support/cluster/overlays.ts'

const NAME = 'kernelseal-webhook.kernelseal-system.svc'
const SECRET = `/api/v1/namespaces/${SYSTEM}/secrets/kernelseal-webhook-tls`
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${SYSTEM}/leases/kernelseal-webhook-tls`

let webhook: Installation
before(async () => {
  webhook = await install({ KSEAL_CERT_CHECK_SECONDS: '1' })
  await makeNamespace('shop', INJECTED)
})
after(async () => {
  await call('DELETE', '/api/v1/namespaces/shop')
  await webhook.remove()
})

const state = async (): Promise<CertificateState> => readState((await get(SECRET)).data)!

/** Every entry of ours, of both configurations. */
async function published(): Promise<string[]> {
  const configurations = await Promise.all([get(MUTATING), get(VALIDATING)])
  const bundles = configurations.flatMap(({ webhooks }) =>
    webhooks.map(({ clientConfig }: Any) => clientConfig.caBundle),
  )
  return bundles.map((bundle) => Buffer.from(bundle ?? '', 'base64').toString('utf8'))
}

/** The certificate a replica shows to a new connection, verified as an API server would. */
async function served(address: string, ca: string): Promise<X509Certificate> {
  const socket = connect({ host: address, port: 8443, servername: NAME, ca })
  await once(socket, 'secureConnect')
  const certificate = socket.getPeerX509Certificate()!
  socket.destroy()
  return certificate
}

async function allServe(leaf: string): Promise<boolean> {
  const [bundle = ''] = await published()
  const { serialNumber } = new X509Certificate(leaf)
  const shown = await Promise.all(webhook.pods().map(({ address }) => served(address, bundle)))
  return shown.every((certificate) => certificate.serialNumber === serialNumber)
}

describe('the certificate of two replicas', () => {
  it('is made once, under the Lease, and both serve it', async () => {
    assert.equal(webhook.pods().length, 2)
    const names = [...webhook.all].map(({ name }) => name)
    assert.ok(names.includes((await get(LEASE)).spec.holderIdentity))
    assert.ok(await allServe((await state())['tls.crt']))
  })

  it('is published in every webhook of both configurations', async () => {
    const bundles = await published()
    // Those before 1.30 have no entry that needs match conditions.
    assert.equal(bundles.length, isOld(OVERLAY) ? 3 : 5)
    assert.deepEqual([...new Set(bundles)], [(await state())['ca.crt']])
  })

  it('is published again when the caBundle is taken away', async () => {
    const { webhooks } = await get(VALIDATING)
    const emptied = webhooks.map((entry: Any) => ({
      ...entry,
      clientConfig: { ...entry.clientConfig, caBundle: null },
    }))
    await patch(VALIDATING, { webhooks: emptied })
    const bundle = (await state())['ca.crt']
    await until('it is back', async () => (await published()).every((text) => text === bundle))
  })
})

/** An authority in the last third of its life: five minutes old (the allowance for clocks), with two to go. */
const AGED = 120_000
/** Longer than an API server is given to hear of a new authority. */
const SIX_MINUTES = 360_000

describe(`a new authority, under ${RATE} Pods a second`, () => {
  it('is published before it signs, and its certificate taken over without one failed admission', async (test) => {
    let last: CertificateState | undefined
    const aged = await agedState()
    await store({ ...(await state()), 'ca.crt': aged['ca.crt'] })
    await until('its authority is published', async () => (await published()).every((text) => text === aged['ca.crt']))
    await sleep(1_000)
    const tally = await underLoad('shop', async () => {
      await store(aged)
      const prepared = await until('the next authority is prepared', async () => {
        const now = await state()
        return now['next.crt'] !== undefined && now
      })
      const { 'next.crt': next = '' } = prepared
      assert.ok(splitPem(prepared['ca.crt']).length === 3 && prepared['ca.crt'].includes(next.trim()))
      await until('it is published', async () => (await published()).every((text) => text === prepared['ca.crt']))
      await until('the old certificate is served', () => allServe(prepared['tls.crt']))
      await store({ ...prepared, 'next.since': new Date(Date.now() - SIX_MINUTES).toISOString() })
      last = await until('the next authority signs', async () => {
        const now = await state()
        return now['signer.crt'] === next && now
      })
      await until('both replicas serve its certificate', () => allServe(last!['tls.crt']))
      await sleep(2_000)
    })
    test.diagnostic(figures(tally))
    assert.deepEqual([tally.wrong, tally.failed], [0, []])
    assert.equal(tally.right, tally.sent)
    assert.ok(new X509Certificate(last!['tls.crt']).checkIssued(new X509Certificate(last!['signer.crt'])))
    assert.equal(splitPem(last!['ca.crt']).length, 3, 'the authorities before it stay published until they end')
  })

  /** Time cannot be turned: instead the Secret gets an authority that is as old as the real one would be then. */
  async function agedState(): Promise<CertificateState> {
    const authority = await createAuthority([NAME], AGED)
    const { cert, key } = await authority.issue()
    const bundle = bundleOf(authority.ca, (await state())['ca.crt'], Date.now())
    const signer = { 'signer.crt': authority.ca, 'signer.key': authority.key }
    return { 'ca.crt': bundle, ...signer, 'tls.crt': cert, 'tls.key': key }
  }
})

async function store(next: CertificateState): Promise<void> {
  const data = Object.entries(next).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  const { metadata } = await get(SECRET)
  const secret = {
    metadata: { name: metadata.name, namespace: SYSTEM },
    type: 'Opaque',
    data: Object.fromEntries(data),
  }
  must(await call('PUT', SECRET, secret), 'the Secret')
}
