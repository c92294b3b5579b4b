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

/** Before anything is started: otherwise some system call in the middle fails with EPERM. @throws Error with the names */
export function requireCapabilities(missing = missingCapabilities(NEEDED) ?? []): void {
  if (missing.length === 0) return
  throw new Error(
    `the agent lacks ${missing.join(', ')}: on a host start it as root (deploy/systemd has a unit), in a Pod give its container what the webhook wrote`,
  )
}

function ownStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8')
  } catch {
    return ''
  }
}
