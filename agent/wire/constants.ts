/** The words of the agent for the numbers in generated.ts, and the numbers that it makes of them. */
import {
  ACTION,
  CALL,
  COUNTER,
  KERNEL_CODE,
  KERNEL_FILE,
  LIMIT,
  MODE as MODE_NUMBERS,
  PROC_FLAG,
  REASON,
  SHARE,
  WAY,
} from './generated.ts'
import { type Label, labelsOf, lowerNames } from './labels.ts'

/** By the words of a policy. */
export const MODE = {
  disabled: MODE_NUMBERS.DISABLED,
  audit: MODE_NUMBERS.AUDIT,
  enforce: MODE_NUMBERS.ENFORCE,
} as const

/**
 * Modes of the agent towards the kernel, beside its own, set by the program `agent_stance` (bpf/track/agent_enroll.bpf.c): agents of
 * other versions find it by that name.
 */
export const AGENT_MODE = { NONE: 0, CANARY: PROC_FLAG.CANARY, BLIND: PROC_FLAG.BLIND } as const
/** The bit above those of a policy's bindings is the canary's; the last id of a value is too. */
export const CANARY_BINDING = 1n << BigInt(LIMIT.MOST_BINDINGS)
export const CANARY_VALUE = 0xffffffff

export const ACTION_NAMES = labelsOf(ACTION)
export type Action = (typeof ACTION_NAMES)[number]

/** By number of enum ks_way; the words stand in logs and metric labels. */
export const WAY_NAMES = labelsOf(WAY)
export type Way = (typeof WAY_NAMES)[number]

/** `detail` of an access event by these ways, by number; for people. */
export const DETAILS: Partial<Record<Way, readonly string[]>> = {
  'kernel-file': sentences(KERNEL_FILE, {
    SYSCTL: 'a setting below /proc/sys that is the whole machine’s',
    PROC: 'a file of /proc that is the whole machine’s',
    SYSFS: 'a file of sysfs',
    SECURITYFS: 'a file of securityfs',
    DEBUGFS: 'a file of debugfs',
    BINFMT: 'a file of binfmt_misc',
    CONFIGFS: 'a file of configfs',
    EFIVARFS: 'an EFI variable',
    PSTORE: 'a file of pstore',
    CGROUP: 'a file of a control group',
    DEVICE: 'a device of the machine’s memory or CPUs',
    BLOCK_DEVICE: 'a disk',
    SYSTEM: 'a file system of the machine, as a whole',
    OTHER_DEVICE: 'a device that is not known to be harmless',
  }),
  'kernel-code': sentences(KERNEL_CODE, {
    MODULE: 'a kernel module',
    OTHER: 'a kexec image, a policy or a certificate',
  }),
  capability: sentences(CALL, {
    SWAPON: 'swapon(2)',
    PORTS: 'iopl(2) or ioperm(2)',
    ACCT: 'acct(2)',
    FILE_HANDLE: 'open_by_handle_at(2)',
    MODULE: 'a module loaded by its name, or unloaded',
    FILE_IOCTL: 'ioctl(2) that reaches files by their numbers',
  }),
  schedule: sentences(SHARE, {
    CPU: 'its CPUs or scheduling',
    NICE: 'its priority',
    IO: 'its I/O class',
    MEMORY: 'its memory nodes',
  }),
}

export type Reason = Label<keyof typeof REASON>

const SENTENCES: Readonly<Record<Reason, string>> = {
  ok: 'delivered',
  'no-value': 'the agent registered no value for this variable and program',
  'bad-placeholder': 'the placeholder is shorter than registered, or damaged',
  'write-fault': 'the kernel could not write to the new stack',
  'read-fault': 'the kernel could not read the new environment',
  traced:
    'a tracer or sampler was attached before the exec: to the program, or to the one that starts it (`strace -f -p`, `perf record -p`)',
  'no-placeholder': 'the environment holds no placeholder for this program',
  'too-large': 'the environment has more or longer strings than can be scanned',
  'no-agent': 'the kernel may not write here, and no agent is there to do it',
  'no-room': 'the ring buffer is full, so the agent could not be asked to write',
  'not-written': 'the agent could not write into the waiting process',
  'agent-lost': 'the agent that was to write ended before it did',
  'not-image': 'the program is not a file of its container’s image (`verify: image`)',
  'not-pinned': 'the program has another content than the pinned one, or could not be read whole (`verify: sha256`)',
  unproven: 'refusal did not prove itself within this exec, so no value was given',
  'foreign-file':
    'the program lies on a file system whose content its container may change, or is being written (`verify`)',
  'no-lists': 'the names and values to take out of its environment are not registered',
  continued:
    'it waited for its values, was continued by the kernel itself (an orphaned process group), and started another program',
  library: 'the process maps code that is not of its container’s image (`verify`)',
}

/** By number of enum ks_reason: label and sentence. */
export const REASONS = labelsOf(REASON).map((label) => [label, SENTENCES[label]] as const)

const { MAX: _, ...counters } = COUNTER
/** By number of enum ks_counter. */
export const COUNTER_NAMES = lowerNames(counters)
export type Counter = (typeof COUNTER_NAMES)[number]

/** By number; `unknown` where there is no such number. */
function sentences<K extends string>(
  numbers: Readonly<Record<K, number>>,
  words: Readonly<Record<K, string>>,
): string[] {
  const named = Object.entries<number>(numbers) as [K, number][]
  const list = Array.from({ length: Math.max(...named.map(([, number]) => number)) + 1 }, () => 'unknown')
  for (const [name, number] of named) list[number] = words[name]
  return list
}
