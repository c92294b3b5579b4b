/**
 * Programs that the agent runs on itself, in the kernel's sight of who calls: it becomes the agent of a scope, and takes a
 * stance towards the canary. No number and no name is involved.
 */
import { BpfError } from '../libbpf/error.ts'
import * as ffi from '../libbpf/ffi.ts'
import type { OwnProgram } from './pins.ts'

export interface OwnPrograms {
  /** Makes this process the agent of a scope: from here on it is guarded like a sealed process, and more. */
  readonly enroll: (scope: number) => void
  /** Only once enrolled. @param stance one of STANCE */
  readonly takeStance: (stance: number) => void
}

/** @param open a descriptor of the program, which stays open: a blind agent could not open it again */
export function ownPrograms(open: (name: OwnProgram) => number): OwnPrograms {
  let stanceFd: number | undefined
  const enroll = (scope: number): void => enrollBy(open('agent_enroll'), scope)
  const takeStance = (stance: number): void => {
    stanceFd ??= open('agent_stance')
    const result = run(stanceFd, stance)
    if (result !== 0) throw new BpfError('bpf_prog_test_run_opts', -result, 'take a stance towards the canary')
  }
  return { enroll, takeStance }
}

/** @param fd the program `agent_enroll` of a set */
export function enrollBy(fd: number, scope: number): void {
  const result = run(fd, scope)
  if (result === -EBUSY) throw livingAgent(scope)
  if (result !== 0) throw new BpfError('bpf_prog_test_run_opts', -result, `enroll the agent in scope ${scope}`)
}

const EPERM = 1
const EBUSY = 16

/** A living agent's programs are closed to the rest of its scope: on a host, to everybody (guard_program). */
const CLOSED = 'this process is inside a scope that has a living agent already; stop that one first, or leave it to it'

export const livingAgent = (scope: number): Error =>
  new Error(`scope ${scope} has a living agent already: stop that one first, or leave it to it`)

/** @throws Error when a living agent's scope keeps it from us */
export function openOwnProgram(pin: string): number {
  const fd = ffi.openPin(pin)
  if (fd === -EPERM) throw new Error(CLOSED)
  if (fd < 0) throw new BpfError('bpf_obj_get', -fd, `open \`${pin}\``)
  return fd
}

/** @param argument the program's ctx[0] */
function run(fd: number, argument: number): number {
  const context = Buffer.alloc(8)
  context.writeBigUInt64LE(BigInt(argument))
  return ffi.runProgram(fd, context)
}
