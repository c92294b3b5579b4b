/** As much of kustomize as our kustomizations use: resources, components with resources, JSON 6902 patches, `$patch: delete`. */
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import fastJsonPatch from 'fast-json-patch'
import { load, loadAll } from 'js-yaml'

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  // biome-ignore lint/suspicious/noExplicitAny: any content of a manifest
  readonly [member: string]: any
}

interface Patch {
  readonly target?: { readonly group?: string; readonly version?: string; readonly kind: string; readonly name: string }
  readonly path?: string
  readonly patch?: string
}
interface Kustomization {
  readonly kind: string
  readonly resources?: readonly string[]
  readonly components?: readonly string[]
  readonly patches?: readonly Patch[]
}

/** Keys kustomize knows and we use; any other is a mistake of ours, or one more for this file to learn. */
const KEYS = ['apiVersion', 'kind', 'resources', 'components', 'patches']

export function build(directory: string): Manifest[] {
  const kustomization = readKustomization(directory)
  const resources = (kustomization.resources ?? []).flatMap((path) => readResource(join(directory, path)))
  const whole = (kustomization.components ?? []).reduce(
    (manifests, path) => withComponent(manifests, join(directory, path)),
    resources,
  )
  return applyPatches(whole, directory, kustomization)
}

function withComponent(manifests: readonly Manifest[], directory: string): Manifest[] {
  const component = readKustomization(directory)
  const own = (component.resources ?? []).flatMap((path) => readResource(join(directory, path)))
  return applyPatches([...manifests, ...own], directory, component)
}

function readKustomization(directory: string): Kustomization {
  const kustomization = load(readFileSync(join(directory, 'kustomization.yaml'), 'utf8')) as Kustomization
  assert.deepEqual(
    Object.keys(kustomization).filter((key) => !KEYS.includes(key)),
    [],
    directory,
  )
  return kustomization
}

export function readResource(path: string): Manifest[] {
  if (statSync(path).isDirectory()) return build(path)
  const manifests = loadAll(readFileSync(path, 'utf8')) as Manifest[]
  for (const { apiVersion, kind, metadata } of manifests) {
    assert.ok(apiVersion && kind && metadata?.name, `an object of ${path} lacks apiVersion, kind or name`)
  }
  return manifests
}

function applyPatches(manifests: readonly Manifest[], directory: string, { patches = [] }: Kustomization): Manifest[] {
  return patches.reduce(
    (current, { target, path, patch }) => {
      const text = patch ?? readFileSync(join(directory, path!), 'utf8')
      const content = load(text) as Manifest & { $patch?: string }
      const wanted = target ?? { kind: content.kind, name: content.metadata.name }
      const hits = current.filter((manifest) => matches(manifest, wanted))
      assert.equal(
        hits.length,
        1,
        `patch of ${wanted.kind} ${wanted.name} in ${directory} meets ${hits.length} objects`,
      )
      if (content.$patch === 'delete') return current.filter((manifest) => !hits.includes(manifest))
      return current.map((manifest) =>
        hits.includes(manifest)
          ? (fastJsonPatch.applyPatch(structuredClone(manifest), content as never, true).newDocument as Manifest)
          : manifest,
      )
    },
    [...manifests],
  )
}

function matches({ apiVersion, kind, metadata }: Manifest, target: NonNullable<Patch['target']>): boolean {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  const sameApi = target.version === undefined || (group === (target.group ?? '') && version === target.version)
  return sameApi && kind === target.kind && metadata.name === target.name
}
