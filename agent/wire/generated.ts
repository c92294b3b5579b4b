/**
 * Generated from the BTF of bpf/build; do not edit. The source is bpf/lib/wire.h, the command
 *
 *     make -s -C bpf && node scripts/lib/wire.ts --update
 *
 * A structure's fields: [offset, width] in bytes.
 */

/** enum ks_action, KS_… */
export const ACTION = {
  ALLOWED: 0,
  AUDITED: 1,
  BLOCKED: 2,
  KILLED: 3,
  STARTED: 4,
} as const

/** enum ks_call, KS_CALL_… */
export const CALL = {
  SWAPON: 1,
  PORTS: 2,
  ACCT: 3,
  FILE_HANDLE: 4,
  MODULE: 5,
  FILE_IOCTL: 6,
} as const

/** enum ks_control, KS_CONTROL_… */
export const CONTROL = {
  SYSCTL_VM: 1,
  SYSCTL_FS: 2,
  SYSFS: 4,
  CGROUPS: 8,
  BLOCK_DEVICES: 16,
  MODULES: 32,
  FILE_HANDLES: 64,
  DEVICES: 128,
} as const

/** enum ks_counter, KS_N_… */
export const COUNTER = {
  EVENTS_LOST: 0,
  EXECS: 1,
  SEALED: 2,
  VALUES: 3,
  FAILED: 4,
  BLOCKED: 5,
  AUDITED: 6,
  RECORDS_REFUSED: 7,
  STALE_RECORDS: 8,
  UNREPORTED: 9,
  LINEAGES_LOST: 10,
  MAX: 16,
} as const

/** enum ks_guarded_map, KS_MAP_… */
export const GUARDED_MAP = {
  SECRET: 1,
  OURS: 2,
} as const

/** enum ks_kernel_code, KS_CODE_… */
export const KERNEL_CODE = {
  MODULE: 1,
  OTHER: 2,
} as const

/** enum ks_kernel_file, KS_FILE_… */
export const KERNEL_FILE = {
  SYSCTL: 1,
  PROC: 2,
  SYSFS: 3,
  SECURITYFS: 4,
  DEBUGFS: 5,
  BINFMT: 6,
  CONFIGFS: 7,
  EFIVARFS: 8,
  PSTORE: 9,
  CGROUP: 10,
  DEVICE: 11,
  BLOCK_DEVICE: 12,
  SYSTEM: 13,
  OTHER_DEVICE: 14,
} as const

/** enum ks_kind, KS_EV_… */
export const KIND = {
  EXEC: 1,
  INJECT: 2,
  FAIL: 3,
  ACCESS: 4,
  SCRUB: 6,
  WRITE: 7,
  WAIT: 8,
  ODD: 9,
} as const

/** enum ks_limit, KS_… */
export const LIMIT = {
  SLOT_LENGTH: 32,
  ALTERNATIVES: 8,
  NAME: 256,
  VARIABLE: 64,
  CHUNK: 1024,
  MAX_CHUNKS: 64,
  NEEDLE_RANKS: 4,
  SIEVE_WORDS: 64,
  FILE: 256,
  COMM: 16,
  CGROUP_PATH: 256,
  LIVES: 128,
  MOST_BINDINGS: 63,
  FIRST_PID_NS: 3758096384,
} as const

/** enum ks_mode, KS_… */
export const MODE = {
  DISABLED: 0,
  AUDIT: 1,
  ENFORCE: 2,
} as const

/** enum ks_proc_flag, KS_… */
export const PROC_FLAG = {
  SEALED: 1,
  WORKLOAD: 2,
  VISITOR: 4,
  BELOW_SEAL: 8,
  AGENT: 16,
  ENTRY: 32,
  EXECING: 64,
  DUMPING: 128,
  ENDED: 256,
  WAITING: 512,
  CANARY: 1024,
  BLIND: 2048,
  GIVEN: 4096,
  VALUE_FIRST: 8192,
  FOREIGN: 16384,
  BEGINNING: 32768,
  HEIR: 65536,
  SHARING: 131072,
} as const

/** enum ks_reason, KS_… */
export const REASON = {
  OK: 0,
  NO_VALUE: 1,
  BAD_PLACEHOLDER: 2,
  WRITE_FAULT: 3,
  READ_FAULT: 4,
  TRACED: 5,
  NO_PLACEHOLDER: 6,
  TOO_LARGE: 7,
  NO_AGENT: 8,
  NO_ROOM: 9,
  NOT_WRITTEN: 10,
  AGENT_LOST: 11,
  NOT_IMAGE: 12,
  NOT_PINNED: 13,
  UNPROVEN: 14,
  FOREIGN_FILE: 15,
  LIBRARY: 16,
  NO_LISTS: 17,
  CONTINUED: 18,
} as const

/** enum ks_share, KS_SHARE_… */
export const SHARE = {
  CPU: 1,
  NICE: 2,
  IO: 3,
  MEMORY: 4,
} as const

/** enum ks_switch, KS_… */
export const SWITCH = {
  BLOCK_ENVIRON: 1,
  BLOCK_MEM: 2,
  BLOCK_MAPS: 4,
  BLOCK_PTRACE: 8,
  ALLOW_SELF_READ: 16,
  AUDIT_ALL: 32,
  BINARY_FILTER: 64,
  START_ON_FAILURE: 128,
  HOST: 256,
  BLOCK_DEBUG: 512,
  WITHHELD: 1024,
} as const

/** enum ks_version, KS_… */
export const VERSION = {
  ABI: 2,
} as const

/** enum ks_way, KS_WAY_… */
export const WAY = {
  NONE: 0,
  ENVIRON: 1,
  MEM: 2,
  MAPS: 3,
  PTRACE: 4,
  PERF: 5,
  TRACEME: 6,
  AGENT_FILE: 7,
  SIGNAL: 8,
  BPF_MAP: 9,
  EXEC: 10,
  CORE_DUMP: 11,
  KERNEL_MEMORY: 12,
  TRACEFS: 13,
  BPF_PROGRAM: 14,
  BPF_CALL: 15,
  PIN: 16,
  PROC_FILE: 17,
  PROC_WRITE: 18,
  NOTIFY: 19,
  MEMORY_CALL: 20,
  KERNEL_FILE: 21,
  KERNEL_CODE: 22,
  CAPABILITY: 23,
  SCHEDULE: 24,
  CGROUP: 25,
  DEBUG_SIGNAL: 26,
  DEBUG_SOCKET: 27,
  STARTING: 28,
  LIBRARY: 29,
  MEMORY_WRITE: 30,
} as const

/** enum ks_work, KS_… */
export const WORK = {
  PROVE: 1,
  ADD: 2,
} as const

export const ACCESS = {
  name: 'ks_access',
  size: 152,
  fields: {
    event: [0, 80],
    bindings: [80, 8],
    action: [88, 4],
    way: [92, 4],
    detail: [96, 4],
    reserved: [100, 4],
    target: [104, 48],
  },
} as const

export const AGENT = {
  name: 'ks_agent',
  size: 16,
  fields: {
    task: [0, 8],
    start: [8, 8],
  },
} as const

export const ALTERNATIVE = {
  name: 'ks_alternative',
  size: 16,
  fields: {
    bindings: [0, 8],
    value: [8, 4],
    length: [12, 4],
  },
} as const

export const CGROUP_PATH = {
  name: 'ks_cgroup_path',
  size: 256,
  fields: {
    path: [0, 256],
  },
} as const

export const CONTAINER = {
  name: 'ks_container',
  size: 24,
  fields: {
    entry: [0, 8],
    start: [8, 8],
    ended: [16, 4],
    root: [20, 4],
  },
} as const

export const CONTAINER_KEY = {
  name: 'ks_container_key',
  size: 16,
  fields: {
    scope: [0, 4],
    reserved: [4, 4],
    mount_ns: [8, 8],
  },
} as const

export const COUNTERS = {
  name: 'ks_counters',
  size: 128,
  fields: {
    n: [0, 128],
  },
} as const

export const EVENT = {
  name: 'ks_event',
  size: 80,
  fields: {
    time: [0, 8],
    kind: [8, 4],
    scope: [12, 4],
    cgroup: [16, 8],
    parent_tgid: [24, 4],
    reserved: [28, 4],
    actor: [32, 48],
  },
} as const

export const EXEC = {
  name: 'ks_exec',
  size: 336,
  fields: {
    event: [0, 80],
    file: [80, 256],
  },
} as const

export const FAIL = {
  name: 'ks_fail',
  size: 360,
  fields: {
    event: [0, 80],
    bindings: [80, 8],
    action: [88, 4],
    reason: [92, 4],
    error: [96, 4],
    reserved: [100, 4],
    file: [104, 256],
  },
} as const

export const INJECT = {
  name: 'ks_inject',
  size: 360,
  fields: {
    event: [0, 80],
    bindings: [80, 8],
    duration: [88, 8],
    count: [96, 4],
    reserved: [100, 4],
    file: [104, 256],
  },
} as const

export const LIVES = {
  name: 'ks_lives',
  size: 1040,
  fields: {
    floor: [0, 8],
    count: [8, 8],
    mount_ns: [16, 1024],
  },
} as const

export const NAME = {
  name: 'ks_name',
  size: 16,
  fields: {
    bindings: [0, 8],
    length: [8, 4],
    reserved: [12, 4],
  },
} as const

export const NAME_KEY = {
  name: 'ks_name_key',
  size: 72,
  fields: {
    scope: [0, 4],
    generation: [4, 4],
    name: [8, 64],
  },
} as const

export const NEEDLE = {
  name: 'ks_needle',
  size: 24,
  fields: {
    bindings: [0, 8],
    value: [8, 4],
    length: [12, 4],
    offset: [16, 4],
    reserved: [20, 4],
  },
} as const

export const NEEDLE_KEY = {
  name: 'ks_needle_key',
  size: 24,
  fields: {
    scope: [0, 4],
    generation: [4, 4],
    rank: [8, 4],
    reserved: [12, 4],
    word: [16, 8],
  },
} as const

export const NUMBER = {
  name: 'ks_number',
  size: 40,
  fields: {
    binding: [0, 32],
    retired: [32, 4],
    reserved: [36, 4],
  },
} as const

export const NUMBER_KEY = {
  name: 'ks_number_key',
  size: 12,
  fields: {
    scope: [0, 4],
    generation: [4, 4],
    number: [8, 4],
  },
} as const

export const ODD = {
  name: 'ks_odd',
  size: 152,
  fields: {
    event: [0, 80],
    bindings: [80, 8],
    start: [88, 64],
  },
} as const

export const OWNER = {
  name: 'ks_owner',
  size: 16,
  fields: {
    mount_ns: [0, 8],
    start: [8, 8],
  },
} as const

export const OWNER_KEY = {
  name: 'ks_owner_key',
  size: 36,
  fields: {
    scope: [0, 4],
    slot: [4, 32],
  },
} as const

export const PATH = {
  name: 'ks_path',
  size: 24,
  fields: {
    bindings: [0, 8],
    anywhere: [8, 8],
    next: [16, 4],
    reserved: [20, 4],
  },
} as const

export const PATH_KEY = {
  name: 'ks_path_key',
  size: 268,
  fields: {
    scope: [0, 4],
    generation: [4, 4],
    node: [8, 4],
    name: [12, 256],
  },
} as const

export const PROCESS = {
  name: 'ks_process',
  size: 80,
  fields: {
    start: [0, 8],
    bindings: [8, 8],
    pending: [16, 8],
    refused: [24, 8],
    scope: [32, 4],
    flags: [36, 4],
    container: [40, 8],
    generation: [48, 8],
    exec: [56, 8],
    pid: [64, 4],
    reason: [68, 4],
    written: [72, 4],
    reserved: [76, 4],
  },
} as const

export const SCOPE = {
  name: 'ks_scope',
  size: 88,
  fields: {
    mode: [0, 4],
    switches: [4, 4],
    entry_bindings: [8, 8],
    visitor_bindings: [16, 8],
    scrub_bindings: [24, 8],
    deny_bindings: [32, 8],
    generation: [40, 8],
    image_bindings: [48, 8],
    pinned_bindings: [56, 8],
    added_bindings: [64, 8],
    kernel_control: [72, 4],
    reserved: [76, 4],
    trusted_bindings: [80, 8],
  },
} as const

export const SCRUB = {
  name: 'ks_scrub',
  size: 344,
  fields: {
    event: [0, 80],
    count: [80, 4],
    reserved: [84, 4],
    file: [88, 256],
  },
} as const

export const SIEVE = {
  name: 'ks_sieve',
  size: 512,
  fields: {
    bits: [0, 512],
  },
} as const

export const SIEVE_KEY = {
  name: 'ks_sieve_key',
  size: 8,
  fields: {
    scope: [0, 4],
    generation: [4, 4],
  },
} as const

export const SLOT = {
  name: 'ks_slot',
  size: 136,
  fields: {
    capacity: [0, 4],
    count: [4, 4],
    alternatives: [8, 128],
  },
} as const

export const SLOT_KEY = {
  name: 'ks_slot_key',
  size: 40,
  fields: {
    scope: [0, 4],
    generation: [4, 4],
    slot: [8, 32],
  },
} as const

export const TASK = {
  name: 'ks_task',
  size: 48,
  fields: {
    start: [0, 8],
    tgid: [8, 4],
    tid: [12, 4],
    ns_tgid: [16, 4],
    uid: [20, 4],
    flags: [24, 4],
    reserved: [28, 4],
    comm: [32, 16],
  },
} as const

export const VALUE = {
  name: 'ks_value',
  size: 1024,
  fields: {
    bytes: [0, 1024],
  },
} as const

export const VALUE_KEY = {
  name: 'ks_value_key',
  size: 16,
  fields: {
    scope: [0, 4],
    generation: [4, 4],
    value: [8, 4],
    chunk: [12, 4],
  },
} as const

export const WAIT = {
  name: 'ks_wait',
  size: 360,
  fields: {
    event: [0, 80],
    bindings: [80, 8],
    key: [88, 8],
    pid: [96, 4],
    work: [100, 4],
    file: [104, 256],
  },
} as const

export const WRITE = {
  name: 'ks_write',
  size: 48,
  fields: {
    time: [0, 8],
    kind: [8, 4],
    value: [12, 4],
    start: [16, 8],
    tgid: [24, 4],
    capacity: [28, 4],
    address: [32, 8],
    generation: [40, 4],
    reserved: [44, 4],
  },
} as const

export const STRUCTS = [
  ACCESS,
  AGENT,
  ALTERNATIVE,
  CGROUP_PATH,
  CONTAINER,
  CONTAINER_KEY,
  COUNTERS,
  EVENT,
  EXEC,
  FAIL,
  INJECT,
  LIVES,
  NAME,
  NAME_KEY,
  NEEDLE,
  NEEDLE_KEY,
  NUMBER,
  NUMBER_KEY,
  ODD,
  OWNER,
  OWNER_KEY,
  PATH,
  PATH_KEY,
  PROCESS,
  SCOPE,
  SCRUB,
  SIEVE,
  SIEVE_KEY,
  SLOT,
  SLOT_KEY,
  TASK,
  VALUE,
  VALUE_KEY,
  WAIT,
  WRITE,
] as const
