/**
 * The closed list of system calls that the sweep does not make, each with the reason. All others are made, with every
 * kind of argument. Numbers: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h; from 424 on
 * both architectures have the same.
 */

type Numbers = readonly [x64: number, arm64: number]
const NONE = -1

interface Reason {
  readonly why: string
  readonly calls: Readonly<Record<string, Numbers>>
}

const REASONS: readonly Reason[] = [
  {
    why: 'it begins, ends or replaces the process that sweeps, or traps it',
    calls: {
      fork: [57, NONE],
      vfork: [58, NONE],
      clone: [56, 220],
      clone3: [435, 435],
      execve: [59, 221],
      execveat: [322, 281],
      exit: [60, 93],
      exit_group: [231, 94],
      rt_sigreturn: [15, 139],
      seccomp: [317, 277],
      uretprobe: [335, NONE],
      uprobe: [336, NONE],
    },
  },
  {
    why: 'it changes memory, signals or timers of the process that sweeps, and nothing of another',
    calls: {
      munmap: [11, 215],
      mremap: [25, 216],
      mprotect: [10, 226],
      madvise: [28, 233],
      brk: [12, 214],
      mmap: [9, 222],
      remap_file_pages: [216, 234],
      mlock: [149, 228],
      mlock2: [325, 284],
      mlockall: [151, 230],
      pkey_mprotect: [329, 288],
      mbind: [237, 235],
      mseal: [462, 462],
      map_shadow_stack: [453, 453],
      arch_prctl: [158, NONE],
      rseq: [334, 293],
      set_tid_address: [218, 96],
      set_robust_list: [273, 99],
      rt_sigaction: [13, 134],
      rt_sigprocmask: [14, 135],
      sigaltstack: [131, 132],
      alarm: [37, NONE],
      setitimer: [38, 103],
      shmat: [30, 196],
    },
  },
  {
    why: 'it takes rights from the process that sweeps, or moves it to where it would prove less',
    calls: {
      setuid: [105, 146],
      setgid: [106, 144],
      setreuid: [113, 145],
      setregid: [114, 143],
      setresuid: [117, 147],
      setresgid: [119, 149],
      setfsuid: [122, 151],
      setfsgid: [123, 152],
      setgroups: [116, 159],
      capset: [126, 91],
      personality: [135, 92],
      prctl: [157, 167],
      unshare: [272, 97],
      setns: [308, 268],
      chroot: [161, 51],
      pivot_root: [155, 41],
      landlock_restrict_self: [446, 446],
      lsm_set_self_attr: [460, 460],
      setrlimit: [160, 164],
    },
  },
  {
    why: 'it closes or replaces descriptors of the process that sweeps',
    calls: { close: [3, 57], dup2: [33, NONE], dup3: [292, 24], close_range: [436, 436] },
  },
  {
    why: 'it would overwrite the needles: the suite has an attempt on it',
    calls: { process_vm_writev: [311, 271] },
  },
  {
    why: 'it would end or hold up the target, which shows nothing: the suite has attempts on signals and limits',
    calls: {
      kill: [62, 129],
      tkill: [200, 130],
      tgkill: [234, 131],
      rt_sigqueueinfo: [129, 138],
      rt_tgsigqueueinfo: [297, 240],
      pidfd_send_signal: [424, 424],
      prlimit64: [302, 261],
    },
  },
  {
    why: 'it removes or takes from System V objects of the machine, whose number may be the PID of the target by chance',
    calls: {
      msgctl: [71, 187],
      msgrcv: [70, 188],
      semctl: [66, 191],
      semop: [65, 193],
      semtimedop: [220, 192],
      shmctl: [31, 195],
    },
  },
  {
    why: 'it changes the machine for all: its end, its clock, its name, its disks',
    calls: {
      reboot: [169, 142],
      kexec_load: [246, 104],
      kexec_file_load: [320, 294],
      settimeofday: [164, 170],
      clock_settime: [227, 112],
      adjtimex: [159, 171],
      clock_adjtime: [305, 266],
      sethostname: [170, 161],
      setdomainname: [171, 162],
      sync: [162, 81],
      vhangup: [153, 58],
      acct: [163, 89],
      syslog: [103, 116],
    },
  },
  {
    why: 'it has a family of its own in the sweep, request by request',
    calls: { ptrace: [101, 117], bpf: [321, 280], perf_event_open: [298, 241], ioctl: [16, 29] },
  },
]

/** @returns the reason, or undefined for a call that is made */
export function reasonNotToCall(number: number, arch: string = process.arch): string | undefined {
  const index = arch === 'arm64' ? 1 : 0
  return REASONS.find(({ calls }) => Object.values(calls).some((numbers) => numbers[index] === number))?.why
}
