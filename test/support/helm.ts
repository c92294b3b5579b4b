/** Helm, where scripts/setup could build it, and the objects it makes of the shipped chart. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { loadAll } from 'js-yaml'
import type { Manifest } from './kustomize.ts'

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))
export const CHART = `${REPOSITORY}deploy/helm/kernelseal`

const found = spawnSync(`${REPOSITORY}scripts/setup.d/helm`, ['--path'], { encoding: 'utf8' })
/** Undefined where there is none. */
export const HELM: string | undefined = found.status === 0 ? found.stdout.trim() : undefined
export const WITHOUT_HELM: string | false =
  HELM === undefined && 'there is no Helm (`scripts/setup` builds it where it reaches a Go module proxy)'

/** Set of values in the chart's folder `ci` → the kustomization that makes the same. */
export const VALUE_SETS: Readonly<Record<string, string>> = {
  'self-signed': 'deploy/overlays/self-signed',
  'cert-manager': 'deploy/overlays/cert-manager',
  audit: 'deploy/overlays/audit',
  'kubernetes-1.21': 'deploy/overlays/kubernetes-1.21',
  'kubernetes-1.20': 'deploy/overlays/kubernetes-1.20',
}

export const valuesOf = (set: string): string => `${CHART}/ci/${set}-values.yaml`

/** `helm template` in the namespace the overlays have, for the newest Kubernetes that has policies, unless `args` say otherwise. */
export function render(...args: readonly string[]) {
  const options = ['template', 'kernelseal', CHART, '-n', 'kernelseal-system', '--kube-version', '1.36.0', ...args]
  return spawnSync(HELM ?? 'helm', options, { encoding: 'utf8' })
}

/** @throws Error with Helm's words */
export function rendered(...args: readonly string[]): Manifest[] {
  const { status, stdout, stderr } = render(...args)
  if (status !== 0) throw new Error(stderr)
  return loadAll(stdout).filter((object) => object !== null && object !== undefined) as Manifest[]
}

/** With its variables in the order of their names: that order means something only where one variable refers to another. */
export function comparable(object: Manifest): Manifest {
  if (object.kind !== 'Deployment') return object
  const copy = structuredClone(object)
  for (const container of copy.spec.template.spec.containers)
    container.env.sort((a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1))
  return copy
}
