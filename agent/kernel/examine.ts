/** What this node can do, by trying it rather than by reading a version. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { tryGuard } from './load.ts'
import { activeLsms, lockdownLevel } from './securityfs.ts'

export interface Finding {
  readonly what: string
  /** `degraded`: it works, with less; `unknown`: it could not be told. */
  readonly state: 'supported' | 'unsupported' | 'degraded' | 'unknown'
  readonly found: string
  /** The change to make. */
  readonly fix?: string
}

export function examineNode(): Finding[] {
  return [capabilities(), btf(), lsmList(), lockdown(), bpffs(), programs()]
}

/** Bits of linux/capability.h that loading, enrolling and reading need. */
const NEEDED = { CAP_SYS_PTRACE: 19, CAP_SYS_ADMIN: 21, CAP_PERFMON: 38, CAP_BPF: 39 } as const

function capabilities(): Finding {
  const what = 'capabilities'
  const text = /^CapEff:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status') ?? '')?.[1]
  if (text === undefined) return { what, state: 'unknown', found: 'CapEff is not in /proc/self/status' }
  const held = BigInt(`0x${text}`)
  const missing = Object.entries(NEEDED).filter(([, bit]) => !(held & (1n << BigInt(bit))))
  if (!missing.length) return { what, state: 'supported', found: Object.keys(NEEDED).join(', ') }
  const names = missing.map(([name]) => name).join(', ')
  return { what, state: 'unsupported', found: `${names} missing`, fix: `add ${names} to the container's capabilities` }
}

function btf(): Finding {
  const what = 'kernel type information (BTF)'
  if (exists('/sys/kernel/btf/vmlinux')) return { what, state: 'supported', found: '/sys/kernel/btf/vmlinux' }
  return { what, state: 'unsupported', found: 'absent', fix: 'use a kernel built with CONFIG_DEBUG_INFO_BTF=y' }
}

function lsmList(): Finding {
  const what = 'active security modules'
  const list = activeLsms()
  if (!list) {
    const fix = 'mount securityfs at /sys/kernel/security (hostPath in a Pod)'
    return { what, state: 'unknown', found: 'securityfs cannot be read; tier fmod_ret is taken', fix }
  }
  if (list.includes('bpf')) return { what, state: 'supported', found: `${list.join(',')} (tier lsm)` }
  const fix = `add bpf to the kernel command line: lsm=${[...list, 'bpf'].join(',')}`
  return { what, state: 'degraded', found: `${list.join(',')}: no bpf (tier fmod_ret)`, fix }
}

function lockdown(): Finding {
  const what = 'kernel lockdown'
  const level = lockdownLevel()
  if (level === undefined) return { what, state: 'unknown', found: 'cannot be read' }
  if (level === 'none') return { what, state: 'supported', found: 'none (delivery in the kernel)' }
  const fix = 'boot with lockdown=none, or without Secure Boot'
  if (level === 'confidentiality') {
    return { what, state: 'unsupported', found: `${level}: no program may read the kernel's memory`, fix }
  }
  return {
    what,
    state: 'degraded',
    found: `${level}: the kernel may not write; the agent delivers (tier stopped)`,
    fix,
  }
}

function bpffs(): Finding {
  const what = 'bpf file system'
  const mounted = /^\S+ \/sys\/fs\/bpf bpf /m.test(read('/proc/self/mounts') ?? '')
  if (mounted) return { what, state: 'supported', found: '/sys/fs/bpf' }
  return {
    what,
    state: 'degraded',
    found: 'not mounted: protection would end with the agent',
    fix: 'mount -t bpf bpf /sys/fs/bpf (hostPath in a Pod)',
  }
}

/** The proof: everything is loaded and attached, then taken away. */
function programs(): Finding {
  const what = 'kernel programs'
  try {
    const { programs, tier, delivery } = tryGuard()
    const found = `${programs.length} loaded and attached, refusal tier ${tier}, delivery tier ${delivery}`
    return { what, state: 'supported', found }
  } catch (error) {
    const [first = 'unknown error'] = (error as Error).message.split('\n')
    return { what, state: 'unsupported', found: first, fix: 'see the lines above; KERNELSEAL_DEBUG=1 shows all of it' }
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
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
