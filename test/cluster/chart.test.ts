/** The Helm chart at a real API server: every object under dry run, an installation, an upgrade under load, and its removal. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import {
  type Any,
  call,
  get,
  INJECTED,
  kubectl,
  MINOR,
  makeNamespace,
  REPOSITORY,
  STATE,
  until,
} from '../support/cluster/cluster.ts'
import {
  DEPLOYMENT,
  type Installation,
  installed,
  MUTATING,
  rolledOut,
  SYSTEM,
} from '../support/cluster/installation.ts'
import { figures, RATE, underLoad } from '../support/cluster/load.ts'
import { CHART, HELM, VALUE_SETS, valuesOf, WITHOUT_HELM } from '../support/helm.ts'
import { build } from '../support/kustomize.ts'

const CRDS = join(REPOSITORY, 'test/fixtures/cluster/cert-manager-crds.yaml')
const SECRET = `/api/v1/namespaces/${SYSTEM}/secrets/kernelseal-webhook-tls`
/** The others are for servers of another age. */
const fitting = Object.entries(VALUE_SETS).filter(([set]) => MINOR >= 30 === (set !== 'kubernetes-1.20'))
const home = mkdtempSync(join(tmpdir(), 'kernelseal-helm-'))
const env = { ...process.env, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home }
after(() => rmSync(home, { recursive: true }))

/** @throws Error with Helm's words */
const helm = async (...args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(HELM ?? 'helm', [...args], { env, maxBuffer: 2 ** 26 })).stdout

describe('helm template | kubectl apply --dry-run=server', { skip: WITHOUT_HELM }, () => {
  before(async () => {
    await makeNamespace(SYSTEM)
    if (MINOR < 30) return
    assert.equal((await kubectl(['apply', '-f', CRDS])).status, 0)
    await until('the resources of cert-manager are served', async () => {
      return (await call('GET', '/apis/cert-manager.io/v1/certificates')).status === 200
    })
  })
  after(async () => {
    if (MINOR >= 30) await kubectl(['delete', '-f', CRDS])
    await noNamespace()
  })

  for (const [set, overlay] of fitting) {
    it(`accepts every object of ci/${set}-values.yaml`, async () => {
      const version = readFileSync(join(STATE, 'version'), 'utf8').trim()
      const text = await helm(
        'template',
        'kernelseal',
        CHART,
        '-n',
        SYSTEM,
        '-f',
        valuesOf(set),
        '--kube-version',
        version,
      )
      // Server-side field validation is on from 1.25; before, kubectl validates by itself.
      const strict = MINOR >= 25 ? ['--validate=strict'] : []
      const ran = await kubectl(['apply', '--dry-run=server', ...strict, '-f', '-'], text)
      assert.equal(ran.status, 0, ran.stderr)
      assert.equal(ran.stdout.match(/\(server dry run\)/g)?.length, build(join(REPOSITORY, overlay)).length, ran.stdout)
    })
  }
})

describe('helm install, upgrade and uninstall', { skip: WITHOUT_HELM }, () => {
  let webhook: Installation
  let notes = ''
  before(async () => {
    // The chart that came before: an older version of it, with images of that version.
    await helm('package', CHART, '--version', '0.0.1', '--app-version', '0.0.1', '--destination', home)
    const previous = join(home, 'kernelseal-0.0.1.tgz')
    notes = await helm('install', 'kernelseal', previous, '-n', SYSTEM, '--create-namespace')
    webhook = await installed(noNamespace)
    await makeNamespace('shop', INJECTED)
  })
  after(async () => {
    await call('DELETE', '/api/v1/namespaces/shop')
    await webhook.remove()
  })

  it('installs, and says the lines that are left to do', async () => {
    assert.match(notes, /kubectl label namespace shop kernelseal\.io\/injection=enabled/)
    const line = /kubectl (label namespace kernelseal-system \S+)/.exec(notes)?.[1] ?? ''
    const ran = await kubectl(line.split(' '))
    assert.equal(ran.status, 0, ran.stderr)
    assert.equal(imageOf(await get(DEPLOYMENT)), 'kernelseal-webhook:0.0.1')
  })

  it(`upgrades under ${RATE} Pods a second: none fails, and certificate and \`caBundle\` stay`, async (test) => {
    const kept = async () => [
      (await get(SECRET)).data['tls.crt'],
      (await get(MUTATING)).webhooks[0].clientConfig.caBundle,
    ]
    const certificate = await kept()
    assert.ok(certificate.every((text) => typeof text === 'string'))
    const tally = await underLoad('shop', async () => {
      await sleep(1_000)
      await helm('upgrade', 'kernelseal', CHART, '-n', SYSTEM, '--set', 'settings.agentMemoryLimit=300Mi')
      await rolledOut()
      await sleep(1_000)
    })
    test.diagnostic(figures(tally))
    assert.notEqual(imageOf(await get(DEPLOYMENT)), 'kernelseal-webhook:0.0.1')
    assert.deepEqual([tally.wrong, tally.failed], [0, []])
    assert.equal(tally.right, tally.sent)
    assert.deepEqual(await kept(), certificate)
  })

  it('is gone whole with `helm uninstall`, but for the namespace', async () => {
    const there = await ours()
    for (const one of [
      /^validatingwebhook\S* kernelseal$/,
      /^secrets kernelseal-webhook-tls$/,
      /^leases\S* kernelseal-webhook-tls$/,
    ])
      assert.ok(
        there.some((name) => one.test(name)),
        `${one} in\n${there.join('\n')}`,
      )
    await helm('uninstall', 'kernelseal', '-n', SYSTEM)
    await until('the Pods are gone', async () => webhook.pods().length === 0)
    await until('nothing of it is left', async () => (await ours()).length === 0, 60).catch(async ({ message }) =>
      assert.fail(`${message}:\n${(await ours()).join('\n')}`),
    )
  })
})

const imageOf = ({ spec }: Any): string => spec.template.spec.containers[0].image

/** Every object of the cluster that has our name, or is Helm's record of it: `resource name`. Events end by themselves, in an hour. */
async function ours(): Promise<string[]> {
  const kinds = await kubectl(['api-resources', '--verbs=list', '-o', 'name'])
  const resources = kinds.stdout.split('\n').filter((name) => name !== '' && !name.startsWith('events'))
  const format = 'custom-columns=NAME:.metadata.name'
  const lists = resources.map(async (resource) => {
    const { stdout } = await kubectl(['get', resource, '-A', '--no-headers', '-o', format, '--ignore-not-found'])
    return stdout
      .split('\n')
      .flatMap((name) => (/kernelseal/.test(name) && name !== SYSTEM ? [`${resource} ${name}`] : []))
  })
  return (await Promise.all(lists)).flat()
}

async function noNamespace(): Promise<void> {
  await call('DELETE', `/api/v1/namespaces/${SYSTEM}`)
  await until('its namespace is gone', async () => (await call('GET', `/api/v1/namespaces/${SYSTEM}`)).status === 404)
}
