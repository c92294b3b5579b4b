/** Row 3: cross-memory system calls (mm/process_vm_access.c → mm_access with PTRACE_MODE_ATTACH_REALCREDS). */

import { addressOf, iovec, sys } from '../../linux/syscall.ts'
import { type Attempt, empty, leaked, type Outcome, type Region, type Target } from '../attempt.ts'
import { regionsOf } from '../runner/locate.ts'
import { scan } from './memory.ts'

export const processVmAttempts: readonly Attempt[] = [
  {
    id: 'process-vm-readv',
    row: 3,
    switch: 'blockMem',
    proof: 'refusal',
    title: 'process_vm_readv of the stack',
    run: readv,
  },
  {
    id: 'process-vm-writev',
    row: 3,
    switch: 'blockMem',
    proof: 'refusal',
    title: 'process_vm_writev of one byte',
    run: writev,
  },
]

/** Where nothing is known, the check comes before the address: EPERM when refused, EFAULT when not. */
const NOWHERE: Region = { start: 0x1000n, end: 0x1008n }

function readv(target: Target): Outcome {
  if (regionsOf(target).length === 0) copy('process_vm_readv', target, NOWHERE)
  return scan(target, (region) => copy('process_vm_readv', target, region))
}

/** The last byte of the environment is the NUL of its last string, so writing a zero there changes nothing. */
function writev(target: Target): Outcome {
  const end = regionsOf(target)[0]?.end ?? NOWHERE.end
  const written = copy('process_vm_writev', target, { start: end - 1n, end })
  return written.length === 1 ? leaked('wrote into the target') : empty('nothing written')
}

/** Writes zeros from, or reads into, a new buffer; returns the part transferred. */
function copy(call: 'process_vm_readv' | 'process_vm_writev', { pid }: Target, { start, end }: Region): Buffer {
  const bytes = Buffer.alloc(Number(end - start))
  const transferred = sys(call, pid, iovec(addressOf(bytes), bytes.length), 1, iovec(start, bytes.length), 1, 0)
  return bytes.subarray(0, transferred)
}
