/**
 * `node manifests.ts AGENT WEBHOOK FOLDER`: the overlays that clusters are installed from, each as one file with both images by digest.
 * Documents keep the order of the kustomization, in which `kubectl apply` succeeds.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dump } from 'js-yaml'
import { build, type Manifest } from '../../test/support/kustomize.ts'

const OVERLAYS: Readonly<Record<string, string>> = {
  'install.yaml': 'deploy/overlays/self-signed',
  'install-cert-manager.yaml': 'deploy/overlays/cert-manager',
}

/** Every text of the manifests that names one of the two images, wherever it stands. */
export function withImages(manifests: readonly Manifest[], agent: string, webhook: string): Manifest[] {
  const named = (text: string): string =>
    text.replace(
      /^(\S*=)?kernelseal-(agent|webhook):\S+$/,
      (_whole, before = '', which) => before + (which === 'agent' ? agent : webhook),
    )
  return JSON.parse(JSON.stringify(manifests), (_key, value) => (typeof value === 'string' ? named(value) : value))
}

function main([agent = '', webhook = '', folder = '.']: readonly string[]): void {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  for (const [file, overlay] of Object.entries(OVERLAYS)) {
    const manifests = withImages(build(join(root, overlay)), agent, webhook)
    const documents = manifests.map((manifest) => dump(manifest, { lineWidth: -1, noRefs: true }))
    writeFileSync(join(folder, file), documents.join('---\n'))
  }
}

if (import.meta.main) main(process.argv.slice(2))
