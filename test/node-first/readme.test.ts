/**
 * README.md on a node whose kernel enforces, line by line: from a cluster that has the images to a sealed Pod. It installs and takes away, so it is
 * not part of the stories: `scripts/test-cluster --node test/node-first/readme.test.ts`.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { load } from 'js-yaml'
import { PATIENCE } from '../node/shop.ts'
import { call, kubectl, REPOSITORY, until } from '../support/cluster/cluster.ts'
import { helm, runLine } from '../support/cluster/helm.ts'
import { kustomized, noNamespace, SYSTEM } from '../support/cluster/installation.ts'
import { blocksOf } from '../support/cluster/readme.ts'
import { WITHOUT_HELM } from '../support/helm.ts'

const PAGE = 'README.md'
const [INSTALL = [], FIRST_POD = []] = blocksOf(PAGE, 'Use it in Kubernetes')
/** README's line in place of Helm's. */
const [, KUSTOMIZE = ''] = /the first line is `([^`]+)`/.exec(readFileSync(join(REPOSITORY, PAGE), 'utf8')) ?? []
const OVERLAY = KUSTOMIZE.split(' ').at(-1) ?? ''

const WAYS = [
  { way: 'Helm', install: INSTALL, takeAway: () => helm('uninstall', 'kernelseal', '-n', SYSTEM), skip: WITHOUT_HELM },
  {
    way: 'kustomize',
    install: [KUSTOMIZE, ...INSTALL.slice(1)],
    takeAway: () => kustomized('delete', OVERLAY),
    skip: false,
  },
]

for (const { way, install, takeAway, skip } of WAYS) {
  describe(`${PAGE}, with ${way}`, { skip }, () => {
    after(async () => {
      await call('DELETE', '/api/v1/namespaces/shop')
      await until('shop is gone', async () => (await call('GET', '/api/v1/namespaces/shop')).status === 404, PATIENCE)
      await takeAway()
      await noNamespace()
    })

    it('its lines say what stands behind them', async () => {
      assert.ok(install.length > 1 && FIRST_POD.length > 3, [...install, ...FIRST_POD].join('\n'))
      for (const line of install) await runLine(line)
      await bePatient()
      for (const line of FIRST_POD) {
        const said = await until(`\`${line}\` works`, () => runLine(line).catch(() => undefined), PATIENCE)
        const [, expected] = / # (.+)$/.exec(line) ?? []
        if (expected !== undefined) assert.match(said, wildcarded(expected), line)
      }
    })

    it('root of the container does not read the secret', async () => {
      const command = ['sh', '-c', 'cat /proc/*/environ']
      const { stdout, stderr } = await kubectl(['-n', 'shop', 'exec', 'first', '-c', 'app', '--', ...command])
      assert.match(stderr, /environ': Operation not permitted/)
      assert.doesNotMatch(stdout, /only-an-example/)
    })
  })
}

/** `…` stands for any text. */
const wildcarded = (text: string): RegExp =>
  new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.*')}$`, 'm')

/** As test/node/overlays: emulated, a webhook takes minutes until it is ready. */
async function bePatient(): Promise<void> {
  const file = readFileSync(join(REPOSITORY, 'test/node/overlays/patient/kustomization.yaml'), 'utf8')
  const { patches } = load(file) as { readonly patches: readonly { readonly patch: string }[] }
  const patch = JSON.stringify(load(patches[0]?.patch ?? ''))
  const ran = await kubectl(['-n', SYSTEM, 'patch', 'deployment', 'kernelseal-webhook', '--type=json', '-p', patch])
  assert.equal(ran.status, 0, ran.stderr)
}
