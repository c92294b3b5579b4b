/** Checks of this node's features, by trying them rather than by reading a version. */

import { accessSync, constants, statSync } from 'node:fs'
import { missingCapabilities, NEEDED } from '../linux/capabilities.ts'
import { activeLsms, lockdownLevel } from '../linux/securityfs.ts'
import { tryGuard } from '../node/load.ts'
import { scopeNumber } from '../scope/scope.ts'
import { captureTools } from './environment-exporters.ts'
import { surroundings } from './host.ts'

export interface Finding {
  readonly what: string
  /** Why it matters. */
  readonly why: string
  /** `degraded`: it works, with less; `unknown`: it could not be told. */
  readonly state: 'supported' | 'unsupported' | 'degraded' | 'unknown'
  readonly found: string
  /** The change to make. */
  readonly fix?: string
}

export function examineNode(): Finding[] {
  const own = [capabilities(), btf(), lsmList(), lockdown()]
  return [...own, ...surroundings(), captureTools(scopeNumber()), programs()]
}

/** For Debian and its derivatives; node images of clouds have settings of their own for it. */
const HOW = '(GRUB_CMDLINE_LINUX in /etc/default/grub, update-grub, reboot)'

function capabilities(): Finding {
  const what = 'capabilities'
  const why = 'loading and attaching programs, becoming their agent and reading new processes take these'
  const missing = missingCapabilities(NEEDED)
  if (missing === undefined) return { what, why, state: 'unknown', found: 'CapEff is not in /proc/self/status' }
  if (!missing.length) return { what, why, state: 'supported', found: Object.keys(NEEDED).join(', ') }
  const names = missing.join(', ')
  return {
    what,
    why,
    state: 'unsupported',
    found: `${names} missing`,
    fix: `add ${names} to the container's capabilities`,
  }
}

function btf(): Finding {
  const what = 'kernel type information (BTF)'
  const why = "programs find the kernel's fields by it, in every version"
  if (exists('/sys/kernel/btf/vmlinux')) return { what, why, state: 'supported', found: '/sys/kernel/btf/vmlinux' }
  return { what, why, state: 'unsupported', found: 'absent', fix: 'use a kernel built with CONFIG_DEBUG_INFO_BTF=y' }
}

function lsmList(): Finding {
  const what = 'active security modules'
  const why = 'only as a security module is every call sure to be asked about: see the limits in SECURITY.md'
  const list = activeLsms()
  if (!list) {
    const fix = 'mount securityfs at /sys/kernel/security (hostPath in a Pod)'
    return { what, why, state: 'unknown', found: 'securityfs cannot be read; tier fmod_ret is taken', fix }
  }
  if (list.includes('bpf')) return { what, why, state: 'supported', found: `${list.join(',')} (tier lsm)` }
  const fix = `add lsm=${[...list, 'bpf'].join(',')} to the kernel command line ${HOW}`
  return { what, why, state: 'degraded', found: `${list.join(',')}: no bpf (tier fmod_ret)`, fix }
}

function lockdown(): Finding {
  const what = 'kernel lockdown'
  const why = "a locked down kernel lets no program write into a process, or read the kernel's memory"
  const level = lockdownLevel()
  if (level === undefined) return { what, why, state: 'unknown', found: 'cannot be read' }
  if (level === 'none') return { what, why, state: 'supported', found: 'none (delivery in the kernel)' }
  const fix = `boot without Secure Boot, and without lockdown= on the kernel command line ${HOW}`
  if (level === 'confidentiality') {
    return { what, why, state: 'unsupported', found: `${level}: no program may read the kernel's memory`, fix }
  }
  return {
    what,
    why,
    state: 'degraded',
    found: `${level}: the kernel may not write; the agent delivers (tier stopped)`,
    fix,
  }
}

/** The proof: everything is loaded and attached, then taken away. */
function programs(): Finding {
  const what = 'kernel programs'
  const why = 'they refuse accesses and deliver values'
  try {
    const { programs, tier, delivery } = tryGuard()
    const found = `${programs.length} loaded and attached, refusal tier ${tier}, delivery tier ${delivery}`
    return { what, why, state: 'supported', found }
  } catch (error) {
    const [first = 'unknown error'] = (error as Error).message.split('\n')
    return {
      what,
      why,
      state: 'unsupported',
      found: first,
      fix: 'see the lines above; KERNELSEAL_DEBUG=1 shows all of it',
    }
  }
}

function exists(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return statSync(path).size > 0
  } catch {
    return false
  }
}
