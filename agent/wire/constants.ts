/** The constants of bpf/lib/wire/; a unit test compares them with its text. */

export const MODE = { disabled: 0, audit: 1, enforce: 2 } as const

export const SWITCH = {
  BLOCK_ENVIRON: 1 << 0,
  BLOCK_MEM: 1 << 1,
  BLOCK_MAPS: 1 << 2,
  BLOCK_PTRACE: 1 << 3,
  ALLOW_SELF_READ: 1 << 4,
  AUDIT_ALL: 1 << 5,
  BINARY_FILTER: 1 << 6,
  START_ON_FAILURE: 1 << 7,
  HOST: 1 << 8,
  BLOCK_DEBUG: 1 << 9,
} as const

/** What `kernelControl` leaves to a scope. */
export const CONTROL = {
  SYSCTL_VM: 1 << 0,
  SYSCTL_FS: 1 << 1,
  SYSFS: 1 << 2,
  CGROUPS: 1 << 3,
  BLOCK_DEVICES: 1 << 4,
  MODULES: 1 << 5,
  FILE_HANDLES: 1 << 6,
} as const

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
} as const

/** Modes of the agent towards the kernel, beside its own (`agent_stance` in bpf/guard/agent_enroll.bpf.c). */
export const STANCE = { NONE: 0, CANARY: PROC_FLAG.CANARY, BLIND: PROC_FLAG.BLIND } as const
/** Policies have at most 63 bindings; the last bit is the canary's, and so is the last id of a value. */
export const CANARY_BINDING = 1n << 63n
export const CANARY_VALUE = 0xffffffff

export const KIND = { EXEC: 1, INJECT: 2, FAIL: 3, ACCESS: 4, EXIT: 5, SCRUB: 6, WRITE: 7, WAIT: 8, ODD: 9 } as const

/** Work for a waiting process beside values over its placeholders. */
export const CHORE = { PROVE: 1, ADD: 2 } as const

export const ACTION = { ALLOWED: 0, AUDITED: 1, BLOCKED: 2, KILLED: 3, STARTED: 4 } as const
export const ACTION_NAMES = ['allowed', 'audited', 'blocked', 'killed', 'started'] as const
export type Action = (typeof ACTION_NAMES)[number]

/** By number of enum ks_way; the words stand in logs and metric labels. */
export const WAY_NAMES = [
  'none',
  'environ',
  'mem',
  'maps',
  'ptrace',
  'perf',
  'traceme',
  'agent-file',
  'signal',
  'bpf-map',
  'exec',
  'core-dump',
  'kernel-memory',
  'tracefs',
  'bpf-program',
  'bpf-call',
  'pin',
  'proc-file',
  'proc-write',
  'notify',
  'memory-call',
  'kernel-file',
  'kernel-code',
  'capability',
  'schedule',
  'cgroup',
  'debug-signal',
  'debug-socket',
  'starting',
  'library',
] as const
export type Way = (typeof WAY_NAMES)[number]

/** `detail` of an access event by these ways, by number; for people. */
export const DETAILS: Partial<Record<Way, readonly string[]>> = {
  'kernel-file': [
    'unknown',
    'a setting below /proc/sys that is the whole machine’s',
    'a file of /proc that is the whole machine’s',
    'a file of sysfs',
    'a file of securityfs',
    'a file of debugfs',
    'a file of binfmt_misc',
    'a file of configfs',
    'an EFI variable',
    'a file of pstore',
    'a file of a control group',
    'a device of the machine’s memory or CPUs',
    'a disk',
  ],
  'kernel-code': ['unknown', 'a kernel module', 'a kexec image, a policy or a certificate'],
  capability: ['unknown', 'swapon(2)', 'iopl(2) or ioperm(2)', 'acct(2)', 'open_by_handle_at(2)'],
  schedule: ['unknown', 'its CPUs or scheduling', 'its priority', 'its I/O class', 'its memory nodes'],
}

/** By number of enum ks_reason: label and sentence. */
export const REASONS = [
  ['ok', 'delivered'],
  ['no-value', 'the agent registered no value for this variable and program'],
  ['bad-placeholder', 'the placeholder is shorter than registered, or damaged'],
  ['write-fault', 'the kernel could not write to the new stack'],
  ['read-fault', 'the kernel could not read the new environment'],
  ['traced', 'a tracer or sampler was attached before the exec'],
  ['no-placeholder', 'the environment holds no placeholder for this program'],
  ['too-large', 'the environment has more or longer strings than can be scanned'],
  ['no-agent', 'the kernel may not write here, and no agent is there to do it'],
  ['no-room', 'the ring buffer is full, so the agent could not be asked to write'],
  ['not-written', 'the agent could not write into the waiting process'],
  ['agent-lost', 'the agent that was to write ended before it did'],
  ['not-image', 'the program is not a file of its container’s image (`verify: image`)'],
  ['not-pinned', 'the program has another content than the pinned one (`verify: sha256`)'],
  ['unproven', 'refusal did not prove itself within this exec, so no value was given'],
  ['foreign-file', 'the program lies on a file system whose content its container may change (`verify`)'],
  ['library', 'the process maps code that is not of its container’s image (`verify`)'],
] as const
export type Reason = (typeof REASONS)[number][0]

/** By number of enum ks_counter. */
export const COUNTERS = [
  'events_lost',
  'execs',
  'sealed',
  'values',
  'failed',
  'blocked',
  'audited',
  'records_refused',
  'stale_records',
  'unreported',
] as const
export type Counter = (typeof COUNTERS)[number]

/** Bytes of a secret per entry of `secret_values`, and entries per secret. */
export const CHUNK = 1024
/** Different values one placeholder may become, by binding. */
export const ALTERNATIVES = 8
/** Values that have the same 8 bytes as their needle; one more is not searched for. */
export const NEEDLE_RANKS = 4
/** Words of 64 bits in a sieve. */
export const SIEVE_WORDS = 64
/** Room for a variable's name and its terminator. */
export const VARIABLE_SIZE = 64
/** Longest path component, NAME_MAX plus its terminator (include/uapi/linux/limits.h). */
export const NAME_SIZE = 256
