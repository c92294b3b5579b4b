/** Pods whose author asked for sealing in a way that asks for nothing. */
import { PREFIX } from '../../../agent/policy/sidecar.ts'
import { quote } from '../../../agent/policy/text/suggest.ts'
import type { Pod } from '../pod/pod.ts'

/** Further ones of a kind are not named. */
const MOST = 10

/** The API server takes annotations whose domain has capitals (apimachinery, ValidateAnnotations). */
const isOtherCase = (key: string): boolean => !key.includes(PREFIX) && key.toLowerCase().includes(PREFIX)

/** @param isBound the Pod binds secrets after all */
export function warnAboutAsking({ metadata }: Pod, isBound: boolean): string[] {
  const labels = Object.keys(metadata.labels ?? {}).filter((key) => key.startsWith(PREFIX) && key !== `${PREFIX}inject`)
  const { annotations } = metadata
  const isIdle = !isBound && [annotations, metadata.labels].some((map) => map?.[`${PREFIX}inject`] === 'true')
  return [
    ...Object.keys(annotations ?? {})
      .filter(isOtherCase)
      .slice(0, MOST)
      .map((key) => `KernelSeal: annotation ${quote(key)} means nothing: the key is \`${PREFIX}…\`, in lower case`),
    ...labels
      .slice(0, MOST)
      .map((key) => `KernelSeal: label \`${key}\` means nothing on a Pod: it must be an annotation`),
    ...(isIdle ? [`KernelSeal: \`inject\` alone binds no secrets: add \`${PREFIX}seal-env: "true"\``] : []),
  ]
}
