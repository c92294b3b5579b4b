/**
 * The lines with which README.md and deploy/README.md install KernelSeal, run as they stand there, end in a Pod with an agent. The
 * lines after those, which look into its containers, need a kubelet.
 */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { call, createPod, get, MINOR, makeNamespace, podsOf, RAN_BEFORE, until } from '../support/cluster/cluster.ts'
import { helm, runLine } from '../support/cluster/helm.ts'
import { type Installation, installed, kustomized, SYSTEM } from '../support/cluster/installation.ts'
import { assertInjected, hasAgent, pod, sealed } from '../support/cluster/pods.ts'
import { blocksOf, linesOfFirstPod } from '../support/cluster/readme.ts'
import { WITHOUT_HELM } from '../support/helm.ts'

const uninstall = () => helm('uninstall', 'kernelseal', '-n', SYSTEM)
const WAYS = [
  { page: 'README.md', heading: 'Use it in Kubernetes', takeAway: uninstall, skip: WITHOUT_HELM },
  { page: 'deploy/README.md', heading: 'With Helm', takeAway: uninstall, skip: WITHOUT_HELM },
  {
    page: 'deploy/README.md',
    heading: 'With kustomize',
    takeAway: () => kustomized('delete', 'deploy/overlays/self-signed', '--ignore-not-found'),
    skip: MINOR < 30 && 'its lines are for 1.30 and up, and say so',
  },
]

it('README.md has fewer than five lines from a cluster with the images to a sealed Pod', () => {
  const [install = []] = blocksOf('README.md', 'Use it in Kubernetes')
  const first = linesOfFirstPod()
  assert.ok(first.length > 0 && install.length + first.length < 5, [...install, ...first].join('\n'))
})

for (const { page, heading, takeAway, skip } of WAYS) {
  describe(`${page}, ${heading}`, { skip: skip || RAN_BEFORE }, () => {
    let webhook: Installation | undefined
    after(async () => {
      await call('DELETE', '/api/v1/namespaces/shop')
      await webhook?.remove()
    })

    it('has fewer than five lines, after which a Pod of `shop` has its agent', async () => {
      await makeNamespace('shop')
      assert.equal(hasAgent((await createPod('shop', pod('before'), '?dryRun=All')).body), false)
      const [lines = []] = blocksOf(page, heading)
      assert.ok(lines.length > 1 && lines.length < 5, lines.join('\n'))
      for (const line of lines) await runLine(line)
      webhook = await installed(async () => void (await takeAway()))
      const body = await until('a Pod is sealed', async () => {
        const answer = await createPod('shop', pod('after'), '?dryRun=All')
        return answer.status === 201 && hasAgent(answer.body) && answer.body
      })
      assertInjected(body)
    })

    it("is followed by the README's lines for a first Pod, which is sealed", async () => {
      for (const line of linesOfFirstPod()) await runLine(line)
      const first = await get(`${podsOf('shop')}/first`)
      assert.ok(hasAgent(first) && sealed(first, 'TOKEN'), JSON.stringify(first.spec))
    })
  })
}
