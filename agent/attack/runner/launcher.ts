/** The process that becomes the launched program: limits, identity, gate, exec. Started by `launch`, never by hand. */
import { closeSync, fstatSync, readSync } from 'node:fs'
import { addressOf, sys } from '../../linux/syscall.ts'
import { judge } from '../attempt.ts'
import { assume } from './identity.ts'
import { EXEC_REFUSED, type LaunchSpec, SPEC_FD } from './launch.ts'

const RLIMIT_CORE = 4
const PTRACE_TRACEME = 0
const F_SETFD = 2

const spec = readSpec()
if (spec.coreLimit !== undefined) limitCore(spec.coreLimit)
keepStreams()
assume(spec.as)
if (spec.gate === 'stop') process.kill(process.pid, 'SIGSTOP')
if (spec.gate === 'traceme') sys('ptrace', PTRACE_TRACEME, 0, 0, 0)
try {
  become(spec)
} catch (error) {
  if (judge(error).kind !== 'refused') throw error
  process.exitCode = EXEC_REFUSED
}

/** Closed before the exec: the program must not own a second copy of its environment in a file. */
function readSpec(): LaunchSpec {
  const bytes = Buffer.alloc(fstatSync(SPEC_FD).size)
  readSync(SPEC_FD, bytes, 0, bytes.length, 0)
  closeSync(SPEC_FD)
  return JSON.parse(bytes.toString()) as LaunchSpec
}

/** Node marks every inherited descriptor close-on-exec at its start (libuv, uv_disable_stdio_inheritance). */
function keepStreams(): void {
  for (const stream of [0, 1, 2]) sys('fcntl', stream, F_SETFD, 0)
}

function limitCore(bytes: number): void {
  const limit = Buffer.alloc(16)
  limit.writeBigUInt64LE(BigInt(bytes), 0)
  limit.writeBigUInt64LE(BigInt(bytes), 8)
  sys('prlimit64', 0, RLIMIT_CORE, limit, null)
}

function become({ argv, env }: LaunchSpec): void {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const strings = [...argv, ...variables].map((text) => Buffer.from(`${text}\0`))
  sys('execve', argv[0]!, vector(strings.slice(0, argv.length)), vector(strings.slice(argv.length)))
}

/** A null-terminated array of pointers. */
function vector(strings: readonly Buffer[]): Buffer {
  const pointers = Buffer.alloc(8 * (strings.length + 1))
  strings.forEach((text, i) => {
    pointers.writeBigUInt64LE(addressOf(text), 8 * i)
  })
  return pointers
}
