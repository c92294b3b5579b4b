/** Gives a waiting program variables it had no placeholder for: its initial stack is written anew below the old one. */

import type { HeldProcess } from '../linux/process.ts'
import { withStackPointer } from '../linux/tracee.ts'
import { LIMIT } from '../wire/generated.ts'
import { rebuildStack } from './initial-stack.ts'

/** Below the initial stack so much is mapped; a remote write grows no stack since 6.5 (mm/memory.c, expand_stack). */
const ROOM = 100 * 1024
/** Vectors of the largest environment: 2 MiB of strings of two bytes (execve(2)). */
const MOST_VECTORS = 16 * 1024 * 1024
const PAGE = 4096

/** @throws Error when there is no room, or the program cannot be rebuilt */
export function addVariables(pid: number, held: HeldProcess, variables: ReadonlyMap<string, Buffer>): void {
  withStackPointer(pid, (sp) => {
    const nameOf = (address: bigint): string => {
      const text = held.read(address, LIMIT.VARIABLE).toString('latin1')
      return text.slice(0, Math.max(0, text.indexOf('=')))
    }
    const rebuilt = rebuildStack({ sp, bytes: stackFrom(held, sp) }, variables, nameOf)
    if (rebuilt.bytes.length > ROOM) {
      throw new Error(`${rebuilt.bytes.length} bytes of new stack are more than the ${ROOM} there is room for`)
    }
    held.write(rebuilt.sp, rebuilt.bytes)
    rebuilt.bytes.fill(0)
    return rebuilt.sp
  })
}

/** Up to the end of the stack's mapping, where reading ends. */
function stackFrom(held: HeldProcess, sp: bigint): Buffer {
  const pieces: Buffer[] = []
  for (let length = 0; length < MOST_VECTORS; ) {
    const piece = held.read(sp + BigInt(length), PAGE)
    if (!piece.length) break
    pieces.push(piece)
    length += piece.length
  }
  return Buffer.concat(pieces)
}
