/** The capabilities of this process, by the names of linux/capability.h. */
import { readFileSync } from 'node:fs'

/** Loading, enrolling and reading need these. */
export const NEEDED = { CAP_SYS_PTRACE: 19, CAP_SYS_ADMIN: 21, CAP_PERFMON: 38, CAP_BPF: 39 } as const

/** @param text of /proc/self/status @returns the names, or undefined where the text does not say */
export function missingCapabilities(
  wanted: Readonly<Record<string, number>>,
  text = ownStatus(),
): string[] | undefined {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(text)?.[1]
  if (effective === undefined) return undefined
  const bits = BigInt(`0x${effective}`)
  return Object.entries(wanted).flatMap(([name, bit]) => ((bits >> BigInt(bit)) & 1n ? [] : [name]))
}

function ownStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8')
  } catch {
    return ''
  }
}
