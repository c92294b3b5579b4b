/** The Helm chart at a real API server: every object under dry run, an installation, an upgrade under load, and its removal. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Line } from '../../agent/check/line.ts'
import {
  type Any,
  call,
  get,
  INJECTED,
  kubectl,
  MINOR,
  makeNamespace,
  RAN_BEFORE,
  REPOSITORY,
  STATE,
  until,
} from '../support/cluster/cluster.ts'
import { kernelseal } from '../support/cluster/command.ts'
import { type Definitions, define, undefine } from '../support/cluster/crds.ts'
import { HELM_HOME, helm } from '../support/cluster/helm.ts'
import {
  DEPLOYMENT,
  type Installation,
  installed,
  MUTATING,
  noNamespace,
  rolledOut,
  SYSTEM,
} from '../support/cluster/installation.ts'
import { figures, RATE, underLoad } from '../support/cluster/load.ts'
import { ours } from '../support/cluster/ours.ts'
import { fits } from '../support/cluster/overlays.ts'
import { CHART, VALUE_SETS, valuesOf, WITHOUT_HELM } from '../support/helm.ts'
import { build } from '../support/kustomize.ts'

const SECRET = `/api/v1/namespaces/${SYSTEM}/secrets/kernelseal-webhook-tls`
/** The others are for servers of another age. */
const fitting = Object.entries(VALUE_SETS).filter(([set]) => fits(set, MINOR))
const FOREIGN: readonly Definitions[] = ['cert-manager-crds.yaml', 'prometheus-operator-crds.yaml']

describe('helm template | kubectl apply --dry-run=server', { skip: WITHOUT_HELM }, () => {
  before(async () => {
    await makeNamespace(SYSTEM)
    await define(FOREIGN)
  })
  after(async () => {
    await undefine(FOREIGN)
    await noNamespace()
  })

  const accepted = async (count: number, ...args: readonly string[]) => {
    const version = readFileSync(join(STATE, 'version'), 'utf8').trim()
    const text = await helm('template', 'kernelseal', CHART, '-n', SYSTEM, '--kube-version', version, ...args)
    // Server-side field validation is on from 1.25; before, kubectl validates by itself.
    const strict = MINOR >= 25 ? ['--validate=strict'] : []
    const ran = await kubectl(['apply', '--dry-run=server', ...strict, '-f', '-'], text)
    assert.equal(ran.status, 0, ran.stderr)
    assert.equal(ran.stdout.match(/\(server dry run\)/g)?.length, count, ran.stdout)
  }
  for (const [set, overlay] of fitting) {
    it(`accepts every object of ci/${set}-values.yaml`, () =>
      accepted(build(join(REPOSITORY, overlay)).length, '-f', valuesOf(set)))
  }
  it('accepts the monitors, the last word, and the policy for Pods where there are policies', async () => {
    const [set, overlay] = fitting[0]!
    const more = 5 + (MINOR >= 30 ? 2 : 0)
    const values = ['-f', valuesOf(set), '--set', 'monitors.enabled=true,podPolicy.enabled=true,lastWord.enabled=true']
    await accepted(build(join(REPOSITORY, overlay)).length + more, ...values)
  })
})

describe('helm install, upgrade and uninstall', { skip: WITHOUT_HELM || RAN_BEFORE }, () => {
  let webhook: Installation
  let notes = ''
  before(async () => {
    // The chart that came before: an older version of it, with images of that version.
    await helm('package', CHART, '--version', '0.0.1', '--app-version', '0.0.1', '--destination', HELM_HOME)
    const previous = join(HELM_HOME, 'kernelseal-0.0.1.tgz')
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

  it('is found whole by `kernelseal check`, but for the version that the command does not have', async () => {
    const lines: readonly Line[] = JSON.parse((await kernelseal('check', '--json')).stdout)
    const wrong = lines.filter(({ state }) => state !== 'ok').map(({ what, found }) => `${what}: ${found}`)
    assert.deepEqual(
      wrong.filter((line) => !/^(webhook: .*0\.0\.1|nodes: .*not known)/.test(line)),
      [],
    )
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
