/** A BPF ring buffer, read from Node's event loop: no timer, no thread. */

import { copyOut, sampleCallback, watch } from './callbacks.ts'
import { BpfError } from './error.ts'
import * as ffi from './ffi.ts'
import type { BpfMap } from './map.ts'

export interface Ring {
  /** Reads the records that are there now. */
  readonly drain: () => void
  readonly close: () => void
}

/** @param onRecord gets a copy of each record's bytes, in order */
export function openRing(map: BpfMap, onRecord: (record: Buffer) => void): Ring {
  const callback = sampleCallback((data, size) => onRecord(copyOut(data, size)))
  const ring = ffi.ringNew(map.fd, callback.pointer, null, null)
  if (!ring) {
    callback.free()
    throw new BpfError('ring_buffer__new', ffi.errno(), `map the ring buffer \`${map.name}\``)
  }
  let open = true
  const drain = (): void => {
    if (open) ffi.ringConsume(ring)
  }
  const unwatch = watch(ffi.ringEpollFd(ring), drain)
  const close = (): void => {
    if (!open) return
    unwatch()
    drain()
    open = false
    ffi.ringFree(ring)
    callback.free()
  }
  return { drain, close }
}
