/**
 * Programs that the agent runs on itself, so that the kernel sees the caller: it becomes the agent of a scope,
 * changes its policy in place, and takes a mode towards the canary. No number and no name is involved.
 */
import { BpfError } from '../libbpf/error.ts'
import * as ffi from '../libbpf/ffi.ts'
import type { OwnProgram } from './pins.ts'

export interface OwnPrograms {
  /** Makes this process the agent of a scope: from here on it is guarded like a sealed process, and more. */
  readonly enroll: (scope: number) => void
  /** Only once enrolled. @param mode one of AGENT_MODE */
  readonly setMode: (mode: number) => void
  /** Only once enrolled: changes an entry of `scopes` in place, the agent's own or the node's. @returns false where there is none */
  readonly settle: (key: Buffer, value: Buffer) => boolean
}

/** @param open a descriptor of the program, which stays open: a blind agent could not open it again */
export function ownPrograms(open: (name: OwnProgram) => number): OwnPrograms {
  const opened = new Map<OwnProgram, number>()
  const fdOf = (name: OwnProgram): number => {
    const fd = opened.get(name) ?? open(name)
    opened.set(name, fd)
    return fd
  }
  const enroll = (scope: number): void => enrollBy(fdOf('agent_enroll'), scope)
  const setMode = (mode: number): void => {
    const result = ffi.runProgram(fdOf('agent_stance'), word(mode))
    if (result !== 0)
      throw new BpfError('bpf_prog_test_run_opts', -result, 'set the mode of the agent towards the canary')
  }
  const settle = (key: Buffer, value: Buffer): boolean => {
    const result = ffi.runProgram(fdOf('agent_settle'), Buffer.concat([word(key.readUInt32LE(0)), value]))
    if (result !== 0 && result !== -ENOENT) throw new BpfError('bpf_prog_test_run_opts', -result, 'change the scope')
    return result === 0
  }
  return { enroll, setMode, settle }
}

/** @param fd the program `agent_enroll` of a set */
export function enrollBy(fd: number, scope: number): void {
  const result = ffi.runProgram(fd, word(scope))
  if (result === -EBUSY) throw livingAgent(scope)
  if (result === -EACCES) throw new Error(notItsContainer(scope))
  if (result !== 0) throw new BpfError('bpf_prog_test_run_opts', -result, `enroll the agent in scope ${scope}`)
}

const EPERM = 1
const EACCES = 13
const ENOENT = 2
const EBUSY = 16

/** The programs are closed to a scope: while its agent lives, to the rest of it (on a host, every process), later to all but its successor (guard_program). */
const CLOSED =
  'the kernel keeps its programs from this process: the scope it is in has a living agent already (stop that one first, or leave it to it), or has had one, which only its own container succeeds; outside of scopes the capability SYS_ADMIN or BPF is missing'

const notItsContainer = (scope: number): string =>
  `scope ${scope} has had an agent, and this process is not of its container: only that container, started again, becomes its agent`

export const livingAgent = (scope: number): Error =>
  new Error(`scope ${scope} has a living agent already: stop that one first, or leave it to it`)

/** @throws Error when a scope, or the lack of a capability, keeps it from us */
export function openOwnProgram(pin: string): number {
  const fd = ffi.openPin(pin)
  if (fd === -EPERM) throw new Error(CLOSED)
  if (fd < 0) throw new BpfError('bpf_obj_get', -fd, `open \`${pin}\``)
  return fd
}

/** One word of a program's ctx. */
function word(argument: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(argument))
  return bytes
}
