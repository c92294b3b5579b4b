/**
 * When the node's programs are really gone. The kernel takes them from their hooks after their pins went, one by one in a work queue
 * (bpf_link_put, kernel/bpf/syscall.c): those of the tier fmod_ret are many, and emulated that took seconds on 5.10.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { idsOf } from '../attempts/bpf-call.ts'

/** A program loses its number after it has been taken from its hook. @param deadline Unix time in ms, after which it is not waited for */
export async function detached(programs: ReadonlySet<number>, deadline: number): Promise<void> {
  const left = new Set(programs)
  while (left.size > 0 && Date.now() < deadline) {
    const there = new Set(idsOf('program'))
    for (const id of left) if (!there.has(id)) left.delete(id)
    await delay(100)
  }
}
