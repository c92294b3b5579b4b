/** Versions of a running installation: by the replicas' own word, otherwise by the tags of their images. */
import type { Facts } from './facts.ts'

const AGENT_IMAGE = 'KSEAL_AGENT_IMAGE'

/** Without those that cannot be known, as an image by digest alone. */
export function versionsOf({ replicas, deployments }: Facts) {
  const found = 'found' in deployments ? deployments.found : []
  const told = 'found' in replicas ? replicas.found.flatMap(({ metrics }) => metrics?.version ?? []) : []
  const webhook = told.length > 0 ? told : found.flatMap(({ image }) => tagOf(image) ?? [])
  return { webhook: [...new Set(webhook)], agent: agentImages(found).flatMap((image) => tagOf(image) ?? []) }
}

export const agentImages = (deployments: readonly { readonly env: Readonly<Record<string, string>> }[]): string[] =>
  deployments.flatMap(({ env }) => env[AGENT_IMAGE] ?? [])

/** The version in a tag such as `registry:5000/kernelseal-agent:v0.1.0@sha256:…`. */
const tagOf = (image: string): string | undefined => /:v?(\d+\.\d+\.\d+[^:/@]*)(@|$)/.exec(image)?.[1]

/** @returns how many minor versions lie between; a whole major version is more than any number of those */
export function skewOf(one: string, other: string): number {
  const [a, b] = [one, other].map((version) => version.split('.').map(Number))
  if (a?.[0] !== b?.[0]) return Number.POSITIVE_INFINITY
  return Math.abs((a?.[1] ?? 0) - (b?.[1] ?? 0))
}

/** Neighbours are tested beside each other (docs/upgrade.md), others are not. */
export const isOld = (skew: number): boolean => skew > 1
