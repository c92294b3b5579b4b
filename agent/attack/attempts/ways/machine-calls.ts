/** Row 14: system calls that put their caller above the kernel's rules. None of them gets as far as to change anything. */
import { sys } from '../../../linux/syscall.ts'
import { type Attempt, leaked, type Outcome } from '../../attempt.ts'
import { unlessLocked } from '../kernel-memory.ts'

const row14 = { row: 14, switch: 'always', proof: 'refusal' } as const
const AT_FDCWD = -100
/** Bytes: with fewer the call ends before it asks for a right (copy_module_from_user, kernel/module). */
const ELF_HEADER = 64
const NOWHERE = '/kernelseal-attack-nowhere'

export const machineCallAttempts: readonly Attempt[] = [
  {
    ...row14,
    id: 'swapon',
    title: 'swap on a file that is not there',
    run: () => pastItsRight(() => sys('swapon', NOWHERE, 0)),
  },
  {
    ...row14,
    id: 'acct',
    title: 'have every process written down, in a file that is not there',
    run: () => pastItsRight(() => sys('acct', NOWHERE)),
  },
  {
    ...row14,
    id: 'kexec-load',
    title: 'load no kexec image',
    run: () => unlessLocked(() => pastItsRight(() => sys('kexec_load', 0, 0, 0, 0))),
  },
  {
    ...row14,
    id: 'init-module',
    title: 'load a module of zeroes',
    run: () => unlessLocked(() => pastItsRight(() => sys('init_module', Buffer.alloc(ELF_HEADER), ELF_HEADER, ''))),
  },
  {
    ...row14,
    id: 'open-by-handle',
    title: 'open a file by a handle of zeroes',
    run: () => pastItsRight(() => sys('open_by_handle_at', AT_FDCWD, handle(), 0)),
  },
]

/** struct file_handle (fcntl.h): its length, its type, 8 bytes. */
function handle(): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt32LE(8)
  return bytes
}

/** A call that fails for another reason than a missing right would have been permitted. */
function pastItsRight(call: () => unknown): Outcome {
  try {
    call()
    return leaked('permitted')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined || code === 'EPERM' || code === 'EACCES' || code === 'ENOSYS') throw error
    return leaked(`permitted: it failed for what it was given, ${code}`)
  }
}
