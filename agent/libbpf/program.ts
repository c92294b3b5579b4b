/** The kernel's information on a loaded program. */
import { closeSync } from 'node:fs'
import { BpfError } from './error.ts'
import * as ffi from './ffi.ts'

/** Of `recursion_misses` in struct bpf_prog_info (include/uapi/linux/bpf.h), since 5.12. */
const MISSES_AT = 208
/** Of `prog_id` in struct bpf_link_info. */
const PROGRAM_ID_AT = 8

/**
 * How often the program did not run because it was running on that CPU already.
 * @param fd of the program. @returns undefined where the kernel does not count it
 */
export function skippedRuns(fd: number): number | undefined {
  const info = Buffer.alloc(256)
  const known = [info.length]
  if (ffi.objectInfo(fd, info, known) < 0) throw failed('ask about a program')
  return (known[0] as number) >= MISSES_AT + 8 ? Number(info.readBigUInt64LE(MISSES_AT)) : undefined
}

/** As `skippedRuns`, of the program behind a pinned link. */
export const skippedRunsOfLink = (path: string): number | undefined => ofId(programOfLink(path))

/** The number of the program behind a pinned link. @throws BpfError */
export function programOfLink(path: string): number {
  const link = ffi.openPin(path)
  if (link < 0) throw new BpfError('bpf_obj_get', -link, `open the pinned link \`${path}\``)
  try {
    const info = Buffer.alloc(256)
    if (ffi.objectInfo(link, info, [info.length]) < 0) throw failed(`ask about the link \`${path}\``)
    return info.readUInt32LE(PROGRAM_ID_AT)
  } finally {
    closeSync(link)
  }
}

function ofId(id: number): number | undefined {
  const fd = ffi.programById(id)
  if (fd < 0) throw new BpfError('bpf_prog_get_fd_by_id', -fd, `open program ${id}`)
  try {
    return skippedRuns(fd)
  } finally {
    closeSync(fd)
  }
}

const failed = (about: string): BpfError => new BpfError('bpf_obj_get_info_by_fd', ffi.errno(), about)
