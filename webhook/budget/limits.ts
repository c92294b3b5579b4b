/**
 * The load the webhook takes on at a time, from the memory its container may use. A process that is killed for want
 * of memory refuses every Pod; one that refuses the excess answers all others.
 */
import { readFileSync } from 'node:fs'

const MiB = 1024 * 1024

/** The kernel's files with the container's limit: cgroup v2, then v1 (kernel, admin-guide/cgroup-v2, `memory.max`). */
const LIMIT_FILES = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']
/** The limit of deploy/base, also assumed where there is none. */
export const SHIPPED_LIMIT = 256 * MiB
/** More than this is not made use of: thousands of connections are not ordinary however much memory there is. */
const LARGEST_LIMIT = 2048 * MiB

export interface Limits {
  /** Bytes all of this is derived from. */
  readonly memory: number
  /** Connections past their TLS handshake. */
  readonly connections: number
  /** Those of them that asked for nothing yet. */
  readonly untried: number
  /** Connections in their handshake. */
  readonly handshakes: number
  /** Connections that were accepted and not looked at yet. */
  readonly waiting: number
  /** Bytes of bodies and answers, over all connections. */
  readonly bytes: number
}

/**
 * | Part of the limit | at 256 MiB | for | derived from |
 * |---|---|---|---|
 * | 3/8 | 96 MiB | program, code, V8's heap at rest | resident 85 to 95 MB once it is ready (measured, Node 24) |
 * | 1/8 | 512 | connections | 64 KiB each: OpenSSL's buffers and keys, Node's streams and parser (60 KiB measured) |
 * | of these | 128 | connections that asked for nothing yet | four API servers' idle ones; 512 left holes of 10 MB in glibc's heap |
 * | 1/64 | 64 | handshakes | 64 KiB each, as above |
 * | 1/32 | 512 | waiting | 16 KiB each: a socket that is not read, no TLS yet |
 * | 1/8 | 32 MiB | bytes in flight | themselves: the buffers they came in, the answers that wait to go |
 * | 1/4 | 64 MiB | the one body that is being parsed | 9 times its 7 MiB: text, parsed objects, patch |
 * | the rest | | V8's garbage not collected yet | |
 * @param memory bytes
 */
export function limitsFor(memory: number): Limits {
  const used = Math.min(memory, LARGEST_LIMIT)
  const connections = Math.max(32, Math.floor(used / 8 / (64 * 1024)))
  return {
    memory: used,
    connections,
    untried: Math.floor(connections / 4),
    handshakes: Math.max(8, Math.floor(used / 64 / (64 * 1024))),
    waiting: Math.max(32, Math.floor(used / 32 / (16 * 1024))),
    // Two of the largest bodies at least, or none could be read beside another.
    bytes: Math.max(16 * MiB, Math.floor(used / 8)),
  }
}

/** @param read a file's text @returns bytes; the shipped limit where the container has none */
export function memoryLimit(read: (path: string) => string = (path) => readFileSync(path, 'utf8')): number {
  for (const path of LIMIT_FILES) {
    const limit = numberIn(path, read)
    // v1 says "none" as the largest number of pages.
    if (limit !== undefined && limit < 2 ** 50) return limit
  }
  return SHIPPED_LIMIT
}

function numberIn(path: string, read: (path: string) => string): number | undefined {
  try {
    const text = read(path).trim()
    return /^[1-9][0-9]*$/.test(text) ? Number(text) : undefined
  } catch {
    return undefined
  }
}
