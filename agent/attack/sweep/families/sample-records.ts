/** The content of a ring of perf, sample by sample (include/uapi/linux/perf_event.h, struct perf_event_mmap_page). */

const PAGE = 4096
const RECORD_SAMPLE = 9
const HEADER = 8
/** Of the control page: counters of bytes that never wrap. */
const DATA_HEAD = 1024
const DATA_TAIL = 1032

/**
 * The samples of one process that have come since the last time; a ring of a whole CPU has the sweep's own too, whose
 * registers hold the needles.
 */
export function samplesOf(memory: Buffer, pid: number): Buffer[] {
  const bytes = drained(memory)
  const found: Buffer[] = []
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const size = bytes.readUInt16LE(at + 6)
    if (size < HEADER) break
    const record = bytes.subarray(at, at + size)
    if (record.readUInt32LE(0) === RECORD_SAMPLE && belongsTo(record, pid)) found.push(record)
    at += size
  }
  return found
}

/** TID comes first, or after one word: IDENTIFIER or IP, of which at most one is asked for beside it. */
function belongsTo(record: Buffer, pid: number): boolean {
  return [HEADER, HEADER + 8].some((at) => record.length >= at + 8 && record.readUInt32LE(at) === pid)
}

function drained(memory: Buffer): Buffer {
  const head = memory.readBigUInt64LE(DATA_HEAD)
  const tail = memory.readBigUInt64LE(DATA_TAIL)
  const ring = memory.subarray(PAGE)
  const from = Number(tail % BigInt(ring.length))
  const bytes = Buffer.concat([ring.subarray(from), ring.subarray(0, from)]).subarray(0, Number(head - tail))
  memory.writeBigUInt64LE(head, DATA_TAIL)
  return bytes
}
