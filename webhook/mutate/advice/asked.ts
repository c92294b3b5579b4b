/** Pods whose author asked for sealing in a way that asks for nothing. */
import { PREFIX } from '../../../agent/policy/sidecar.ts'
import type { Pod } from '../pod/pod.ts'

/** @param isBound the Pod binds secrets after all */
export function warnAboutAsking({ metadata }: Pod, isBound: boolean): string[] {
  const labels = Object.keys(metadata.labels ?? {}).filter((key) => key.startsWith(PREFIX) && key !== `${PREFIX}inject`)
  const { annotations } = metadata
  const isIdle = !isBound && [annotations, metadata.labels].some((map) => map?.[`${PREFIX}inject`] === 'true')
  return [
    ...labels
      .slice(0, 10)
      .map((key) => `KernelSeal: label \`${key}\` means nothing on a Pod: it must be an annotation`),
    ...(isIdle ? [`KernelSeal: \`inject\` alone binds no secrets: add \`${PREFIX}seal-env: "true"\``] : []),
  ]
}
