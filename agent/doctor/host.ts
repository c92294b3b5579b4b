/** The node's host facts beside its kernel: mounted file systems, cgroups, swap. */
import { readFileSync } from 'node:fs'
import { FTRACE_SETTING, switchedOff } from '../linux/ftrace.ts'
import type { Finding } from './checks.ts'

/** @param read a file's text; undefined where it cannot be read */
export function surroundings(read: (path: string) => string | undefined = textOf): Finding[] {
  const mounts = read('/proc/self/mounts')
  const seen = [mounted(mounts, BPFFS), mounted(mounts, SECURITYFS), cgroup(mounts), swap(read('/proc/swaps'))]
  return [...seen, called(read(FTRACE_SETTING))]
}

const BPFFS = {
  what: 'bpf file system',
  why: 'programs and maps are pinned there, so that protection outlives the agent',
  path: '/sys/fs/bpf',
  type: 'bpf',
  without: 'protection would end with the agent',
} as const
const SECURITYFS = {
  what: 'securityfs',
  why: 'it says which security modules run and whether the kernel is locked down',
  path: '/sys/kernel/security',
  type: 'securityfs',
  without: 'the tier that surely works is taken',
} as const

function mounted(
  mounts: string | undefined,
  { what, why, path, type, without }: typeof BPFFS | typeof SECURITYFS,
): Finding {
  if (isMounted(mounts, path, type)) return { what, why, state: 'supported', found: path }
  const fix = `mount -t ${type} ${type} ${path} (hostPath in a Pod)`
  return { what, why, state: 'degraded', found: `not mounted: ${without}`, fix }
}

function cgroup(mounts: string | undefined): Finding {
  const what = 'cgroups'
  const why = 'events carry the number of the cgroup, by which log pipelines find the container'
  if (isMounted(mounts, '/sys/fs/cgroup', 'cgroup2')) return { what, why, state: 'supported', found: 'version 2' }
  if (!/ cgroup /.test(mounts ?? '')) return { what, why, state: 'unknown', found: 'no cgroup file system is mounted' }
  return {
    what,
    why,
    state: 'degraded',
    found: 'version 1: the numbers in events mean nothing; protection is the same',
    fix: 'boot with systemd.unified_cgroup_hierarchy=1',
  }
}

function swap(swaps: string | undefined): Finding {
  const what = 'swap'
  const why = "memory that is swapped out is on a disk, where the kernel's refusals do not count"
  if (swaps === undefined) return { what, why, state: 'unknown', found: '/proc/swaps cannot be read' }
  const devices = swaps.trim().split('\n').slice(1)
  if (!devices.length) return { what, why, state: 'supported', found: 'none' }
  const names = devices.map((line) => line.split(/\s/)[0]).join(', ')
  return { what, why, state: 'degraded', found: `${names}: unless it is encrypted`, fix: 'swapoff -a, or encrypt it' }
}

function called(setting: string | undefined): Finding {
  const what = 'ftrace'
  const why = 'the kernel calls the programs that refuse by way of it'
  if (setting === undefined) {
    return { what, why, state: 'unknown', found: `${FTRACE_SETTING} cannot be read` }
  }
  if (!switchedOff(setting)) return { what, why, state: 'supported', found: 'on' }
  const found = `${FTRACE_SETTING} is 0: the kernel calls no program, and nothing is refused`
  return { what, why, state: 'unsupported', found, fix: 'sysctl kernel.ftrace_enabled=1' }
}

const isMounted = (mounts: string | undefined, path: string, type: string): boolean =>
  (mounts ?? '').split('\n').some((line) => line.split(' ')[1] === path && line.split(' ')[2] === type)

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
