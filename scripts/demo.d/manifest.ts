/** The manifest on its way through admission: read, patched, and the changes in a few lines. */
import { readFileSync } from 'node:fs'
import { load } from 'js-yaml'
import { applyPatch } from 'rfc6902'
import type { Pod } from './pod/spec.ts'
import { shortened } from './say.ts'
import type { Operation } from './webhook.ts'

export function readManifest(path: string): Pod {
  return load(readFileSync(path, 'utf8')) as Pod
}

/** The same Pod with another `kernelseal.io/mode`. */
export function inMode(pod: Pod, mode: string): Pod {
  const annotations = { ...pod.metadata.annotations, 'kernelseal.io/mode': mode }
  return { ...pod, metadata: { ...pod.metadata, annotations } }
}

/** @throws when an operation does not apply: an API server would refuse the Pod */
export function patched(pod: Pod, operations: readonly Operation[]): Pod {
  const copy = structuredClone(pod)
  const failures = applyPatch(copy, [...operations]).filter((failure) => failure !== null)
  if (failures.length > 0) throw new Error(`the patch does not apply: ${failures[0]}`)
  return copy
}

/** One line an operation; of long values their beginning. */
export function summaryOf(operations: readonly Operation[]): string {
  return operations.map(({ op, path, value }) => `${op.padEnd(7)} ${path}  ${brief(value)}`).join('\n')
}

function brief(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(brief).join(', ')}]`
  const { name, value: text } = (value ?? {}) as { name?: unknown; value?: unknown }
  if (typeof name === 'string') return typeof text === 'string' ? `${name}=${shortened(text)}` : name
  const json = JSON.stringify(value)
  return json.length > 60 ? `${json.slice(0, 59)}…` : json
}
