/** A release's install.yaml at a real API server: an installation, the next release over it under load, and its removal. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadAll } from 'js-yaml'
import {
  call,
  createPod,
  get,
  INJECTED,
  kubectl,
  MINOR,
  makeNamespace,
  REPOSITORY,
} from '../support/cluster/cluster.ts'
import { type Definitions, define, undefine } from '../support/cluster/crds.ts'
import { DEPLOYMENT, type Installation, installed, noNamespace, rolledOut } from '../support/cluster/installation.ts'
import { figures, RATE, underLoad } from '../support/cluster/load.ts'
import { ours } from '../support/cluster/ours.ts'
import { assertInjected, pod } from '../support/cluster/pods.ts'
import { run } from '../support/run.ts'

const folder = mkdtempSync(join(tmpdir(), 'kernelseal-release-'))
const FOREIGN: readonly Definitions[] = ['cert-manager-crds.yaml']

/** An image as a registry names it. Its content is the stand-in node's: it pulls nothing. */
const imageOf = (name: string, release: number): string =>
  `registry.example/kernelseal-${name}:0.2.${release}@sha256:${String(release).repeat(64)}`

/** @returns the folder with the manifests of this release */
function manifestsOf(release: number): string {
  const images = ['agent', 'webhook'].map((name) => imageOf(name, release))
  const made = mkdtempSync(join(folder, `${release}-`))
  const ran = run(process.execPath, [join(REPOSITORY, 'scripts/release.d/manifests.ts'), ...images, made])
  assert.equal(ran.status, 0, ran.stderr)
  return made
}

async function kubectlOf(verb: string, file: string, ...flags: readonly string[]): Promise<string> {
  const ran = await kubectl([verb, '-f', file, ...flags])
  assert.equal(ran.status, 0, ran.stderr)
  return ran.stdout
}

describe("a release's manifests", { skip: MINOR < 30 && 'they are for 1.30 and up' }, () => {
  const [first, next] = [manifestsOf(1), manifestsOf(2)]
  let webhook: Installation
  before(async () => {
    await define(FOREIGN)
    await kubectlOf('apply', join(first, 'install.yaml'))
    webhook = await installed(
      async () => void (await kubectlOf('delete', join(next, 'install.yaml'), '--ignore-not-found')),
    )
    await makeNamespace('shop', INJECTED)
  })
  after(async () => {
    await call('DELETE', '/api/v1/namespaces/shop')
    await webhook?.remove()
    await undefine(FOREIGN)
    rmSync(folder, { recursive: true })
  })

  it('install, and a Pod is sealed by the agent of this release, by digest', async () => {
    const { status, body } = await createPod('shop', pod('sealed'), '?dryRun=All')
    assert.equal(status, 201)
    assertInjected(body)
    const containers = [...(body.spec.initContainers ?? []), ...body.spec.containers]
    assert.ok(containers.some(({ image }) => image === imageOf('agent', 1)))
  })

  it(`are followed by those of the next release under ${RATE} Pods a second: none fails`, async (test) => {
    const tally = await underLoad('shop', async () => {
      await sleep(1_000)
      await kubectlOf('apply', join(next, 'install.yaml'))
      await rolledOut()
      await sleep(1_000)
    })
    test.diagnostic(figures(tally))
    assert.deepEqual([tally.wrong, tally.failed], [0, []])
    assert.equal((await get(DEPLOYMENT)).spec.template.spec.containers[0].image, imageOf('webhook', 2))
  })

  it('with cert-manager are accepted as a whole', async () => {
    const file = join(first, 'install-cert-manager.yaml')
    const output = await kubectlOf('apply', file, '--dry-run=server', '--validate=strict')
    assert.equal(output.match(/\(server dry run\)/g)?.length, loadAll(readFileSync(file, 'utf8')).length)
  })

  it('are gone whole with `kubectl delete -f install.yaml`', async () => {
    await kubectlOf('delete', join(next, 'install.yaml'), '--ignore-not-found')
    await noNamespace()
    assert.deepEqual(await ours(), [])
  })
})
