/**
 * A control group as a scope, by its path: a service manager makes the group anew at each start, and the kernel then knows it
 * before the service runs in it (bpf/track/cgroup_scope.bpf.c).
 */
import { createHash } from 'node:crypto'
import { readdirSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Guard } from '../node/guard.ts'
import { encode, u32 } from '../wire/encode.ts'
import { CGROUP_PATH, LIMIT } from '../wire/generated.ts'

const ROOT = '/sys/fs/cgroup'
/** Bytes, with a terminator; the field has one more, since a full one may be a path that was cut short. */
const LONGEST_PATH = LIMIT.CGROUP_PATH - 1
/** CGROUP2_SUPER_MAGIC of include/uapi/linux/magic.h */
const CGROUP2_MAGIC = 0x63677270

export const isCgroup = (scope: number): boolean => scope < LIMIT.FIRST_PID_NS

/**
 * @param path from the hierarchy's root on, or below /sys/fs/cgroup; it need not be there yet
 * @returns as the kernel writes it: `/system.slice/shop.service`
 * @throws Error when it is no path of a group below the root
 */
export function cgroupPath(path: string): string {
  const parts = path
    .replace(new RegExp(`^${ROOT}(?=/|$)`), '')
    .split('/')
    .filter(Boolean)
  const whole = `/${parts.join('/')}`
  if (!parts.length)
    throw new Error(`\`${path}\`: the root has every process in it; leave --cgroup out for a whole host`)
  if (parts.some((part) => part === '.' || part === '..')) throw new Error(`\`${path}\`: without \`.\` and \`..\``)
  if (Buffer.byteLength(whole) >= LONGEST_PATH) throw new Error(`\`${path}\` is longer than ${LONGEST_PATH - 1} bytes`)
  return whole
}

/** Always the same for a path, so that an agent that comes back has its scope. 31 bits, and not 0. */
export const cgroupScope = (path: string): number =>
  (createHash('sha256').update(path).digest().readUInt32LE(0) % 0x7fffffff) + 1

/**
 * Makes the group a scope: future groups first, then the existing ones, so that none falls between. For an enrolled agent.
 * @throws Error where there is no cgroup v2, or another path has that number
 */
export function claimCgroup(guard: Guard, path: string, root = ROOT): void {
  proveV2(root)
  const scope = cgroupScope(path)
  const paths = guard.map('cgroup_paths')
  const key = encode(CGROUP_PATH, { path: Buffer.from(path) })
  for (const other of paths.keys())
    if (paths.get(other)?.readUInt32LE(0) === scope && !other.equals(key))
      throw new Error(`\`${path}\` and \`${textOf(other)}\` have the same number; rename one of them`)
  paths.set(key, u32(scope))
  for (const id of groupsBelow(join(root, path))) guard.map('cgroup_scopes').set(u64(id), u32(scope))
}

/** Takes it away again; processes that are sealed keep their records, and their scope until that is unregistered. */
export function releaseCgroup(guard: Guard, scope: number): void {
  for (const name of ['cgroup_paths', 'cgroup_scopes'] as const) {
    const map = guard.map(name)
    for (const key of map.keys()) if (map.get(key)?.readUInt32LE(0) === scope) map.delete(key)
  }
}

function proveV2(root: string): void {
  const { type } = statfsSync(root)
  if (type !== CGROUP2_MAGIC)
    throw new Error(`${root} is not cgroup v2; boot with systemd.unified_cgroup_hierarchy=1, or protect the whole host`)
}

/** Numbers of a group and of all below it; a group's is its folder's inode number (kernfs_ino). */
function groupsBelow(folder: string): bigint[] {
  const found = statSync(folder, { bigint: true, throwIfNoEntry: false })
  if (!found?.isDirectory()) return []
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return [found.ino, ...entries.flatMap(({ name }) => groupsBelow(join(folder, name)))]
}

const textOf = (key: Buffer): string => key.toString('utf8').replaceAll('\0', '')

/** Paths of the control groups that are scopes, by the scope's number. */
export function cgroupsOf(guard: Guard): ReadonlyMap<number, string> {
  const paths = guard.map('cgroup_paths')
  return new Map(paths.keys().map((key) => [paths.get(key)?.readUInt32LE(0) ?? 0, textOf(key)]))
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}
