/** The kernel's security modules, as securityfs lists them. */
import { readFileSync } from 'node:fs'

const SECURITYFS = '/sys/kernel/security'

/** The active LSMs in order, or undefined when securityfs is not mounted. */
export function activeLsms(): string[] | undefined {
  return read('lsm')?.trim().split(',')
}

/** `none`, `integrity` or `confidentiality` (kernel_lockdown(7)), or undefined when it cannot be read. */
export function lockdownLevel(): string | undefined {
  return /\[(\w+)\]/.exec(read('lockdown') ?? '')?.[1]
}

function read(name: string): string | undefined {
  try {
    return readFileSync(`${SECURITYFS}/${name}`, 'utf8')
  } catch {
    return undefined
  }
}
