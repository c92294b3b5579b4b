/**
 * When the node's programs are really gone. The kernel takes them from their hooks after their pins went, one by one in a work queue
 * (bpf_link_put, kernel/bpf/syscall.c): those of the tier fmod_ret are many, and emulated that took seconds on 5.10.
 */
import { closeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { addressOf } from '../../linux/syscall.ts'
import { pinnedLinks } from '../../scope/unpin-unused.ts'
import { bpf, idsOf, pinned } from '../attempts/bpf-call.ts'

const OBJ_GET_INFO_BY_FD = 15
/** struct bpf_link_info up to `prog_id`, its third word. */
const LINK_INFO_BYTES = 12

/** Numbers of the programs that are attached by pins; none where there is no set, or it may not be looked at. */
export function pinnedProgramIds(): number[] {
  try {
    return pinnedLinks().map(programOf)
  } catch {
    return []
  }
}

function programOf(path: string): number {
  const fd = pinned(path)
  try {
    const info = Buffer.alloc(LINK_INFO_BYTES)
    bpf(OBJ_GET_INFO_BY_FD, (attr) => {
      attr.writeUInt32LE(fd, 0)
      attr.writeUInt32LE(info.length, 4)
      attr.writeBigUInt64LE(addressOf(info), 8)
    })
    return info.readUInt32LE(8)
  } finally {
    closeSync(fd)
  }
}

/** A program loses its number after it has been taken from its hook. @param deadline Unix time in ms, after which it is not waited for */
export async function detached(programs: ReadonlySet<number>, deadline: number): Promise<void> {
  const left = new Set(programs)
  while (left.size > 0 && Date.now() < deadline) {
    const there = new Set(idsOf('program'))
    for (const id of left) if (!there.has(id)) left.delete(id)
    await delay(100)
  }
}
