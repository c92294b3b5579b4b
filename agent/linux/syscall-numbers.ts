/**
 * System call numbers of the two architectures (arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h).
 * From 424 on the numbers are the same everywhere.
 */
const SHARED = {
  pidfd_send_signal: 424,
  open_tree: 428,
  io_uring_setup: 425,
  io_uring_enter: 426,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  pidfd_open: 434,
  openat2: 437,
  pidfd_getfd: 438,
} as const

const X64 = {
  ...SHARED,
  mmap: 9,
  munmap: 11,
  ioctl: 16,
  execve: 59,
  wait4: 61,
  fcntl: 72,
  ptrace: 101,
  setgroups: 116,
  setresuid: 117,
  setresgid: 119,
  capset: 126,
  personality: 135,
  prctl: 157,
  mount: 165,
  umount2: 166,
  openat: 257,
  mknodat: 259,
  unshare: 272,
  pipe2: 293,
  perf_event_open: 298,
  prlimit64: 302,
  process_vm_readv: 310,
  process_vm_writev: 311,
  kcmp: 312,
  memfd_create: 319,
  bpf: 321,
} as const

export type CallName = keyof typeof X64

const ARM64: Record<CallName, number> = {
  ...SHARED,
  fcntl: 25,
  ioctl: 29,
  pipe2: 59,
  mknodat: 33,
  umount2: 39,
  mount: 40,
  openat: 56,
  capset: 91,
  personality: 92,
  unshare: 97,
  ptrace: 117,
  setresuid: 147,
  setresgid: 149,
  setgroups: 159,
  prctl: 167,
  munmap: 215,
  execve: 221,
  mmap: 222,
  perf_event_open: 241,
  wait4: 260,
  prlimit64: 261,
  process_vm_readv: 270,
  process_vm_writev: 271,
  kcmp: 272,
  memfd_create: 279,
  bpf: 280,
}

/** @throws RangeError on an architecture without a table */
export function numberOf(call: CallName, arch: string = process.arch): number {
  if (arch === 'x64') return X64[call]
  if (arch === 'arm64') return ARM64[call]
  throw new RangeError(`no system call numbers for the architecture \`${arch}\``)
}
