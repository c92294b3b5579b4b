/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * The interface of kernel and agent: the keys and values of the maps, and the events.
 *
 * Fixed-width types, explicit padding, no packed structures, no bool or enum fields. The agent compares its
 * field tables (agent/wire/layout.ts) with this object's BTF at every start and refuses on a mismatch.
 */
#ifndef KERNELSEAL_WIRE_H
#define KERNELSEAL_WIRE_H

#define KS_ABI 2

/* enum values are constants only; every field that holds one is a __u32 */

enum ks_mode { KS_DISABLED = 0, KS_AUDIT = 1, KS_ENFORCE = 2 };

/* Switches of a scope's policy, as in the config file. */
enum ks_switch {
	KS_BLOCK_ENVIRON = 1 << 0,
	KS_BLOCK_MEM = 1 << 1,
	KS_BLOCK_MAPS = 1 << 2,
	KS_BLOCK_PTRACE = 1 << 3,
	KS_ALLOW_SELF_READ = 1 << 4,
	KS_AUDIT_ALL = 1 << 5,
	KS_BINARY_FILTER = 1 << 6,
	KS_START_ON_FAILURE = 1 << 7,
	/* the scope is a whole host: no container entrypoints, every process is workload */
	KS_HOST = 1 << 8,
	/* signals and sockets that open a runtime's debugging door */
	KS_BLOCK_DEBUG = 1 << 9,
};

/* The state of a process. SEALED, AGENT and the lineage are handed on by fork. */
enum ks_proc_flag {
	KS_SEALED = 1 << 0,
	KS_WORKLOAD = 1 << 1,
	KS_VISITOR = 1 << 2,
	/* lost its values by scrub: it and its descendants are not sealed again */
	KS_BELOW_SEAL = 1 << 3,
	KS_AGENT = 1 << 4,
	/* the entrypoint of its container */
	KS_ENTRY = 1 << 5,
	/* between bprm_check_security and the exec point */
	KS_EXECING = 1 << 6,
	/* its core dump has been judged */
	KS_DUMPING = 1 << 7,
	/* its end has been recorded */
	KS_ENDED = 1 << 8,
	/* stopped at its first instruction until the agent has written its values */
	KS_WAITING = 1 << 9,
	/* agent only: its next child is the canary */
	KS_CANARY = 1 << 10,
	/* agent only: it has no privileges, so that it can make others' attempts */
	KS_BLIND = 1 << 11,
	/* was given values itself; its forked children have copies */
	KS_GIVEN = 1 << 12,
	/* its environment begins with a value, which a title that overwrites the end of its arguments would show */
	KS_VALUE_FIRST = 1 << 13,
	/* between bprm_check_security and the exec point: the program lies on no mount of its container's */
	KS_FOREIGN = 1 << 14,
	/* until its exec point: the entrypoint of a container's new life, with the environment its runtime made */
	KS_BEGINNING = 1 << 15,
};

/* The binding of the canary: no policy has that many. */
#define KS_CANARY_BINDING (1ULL << 63)

enum ks_kind {
	KS_EV_EXEC = 1,
	/* values delivered, process sealed */
	KS_EV_INJECT = 2,
	/* delivery failed: `reason` says why, `action` the fate of the process */
	KS_EV_FAIL = 3,
	/* a process tried a way to a secret */
	KS_EV_ACCESS = 4,
	KS_EV_EXIT = 5,
	/* the seal ended: values were taken out of the environment of a child */
	KS_EV_SCRUB = 6,
	/* the agent is to write one value: struct ks_write */
	KS_EV_WRITE = 7,
	/* those were all, and the process waits */
	KS_EV_WAIT = 8,
	/* a placeholder that is not the whole value of a variable that is bound: it stays as it is */
	KS_EV_ODD = 9,
};

enum ks_action { KS_ALLOWED = 0, KS_AUDITED = 1, KS_BLOCKED = 2, KS_KILLED = 3, KS_STARTED = 4 };

/* The way that was tried; rows of the mediation table. */
enum ks_way {
	KS_WAY_NONE = 0,
	KS_WAY_ENVIRON = 1,
	KS_WAY_MEM = 2,
	KS_WAY_MAPS = 3,
	KS_WAY_PTRACE = 4,
	KS_WAY_PERF = 5,
	KS_WAY_TRACEME = 6,
	KS_WAY_AGENT_FILE = 7,
	KS_WAY_SIGNAL = 8,
	KS_WAY_BPF_MAP = 9,
	KS_WAY_EXEC = 10,
	KS_WAY_CORE = 11,
	KS_WAY_KERNEL_MEMORY = 12,
	KS_WAY_TRACEFS = 13,
	KS_WAY_BPF_PROGRAM = 14,
	KS_WAY_BPF = 15,
	KS_WAY_PIN = 16,
	/* an entry of /proc/P that is not known to be harmless */
	KS_WAY_PROC_FILE = 17,
	/* writing to one */
	KS_WAY_PROC_WRITE = 18,
	/* a procfs file that the kernel opens by itself, for a listener of fanotify */
	KS_WAY_NOTIFY = 19,
	/* a call that reaches into memory with the checks of procfs: process_madvise */
	KS_WAY_MEMORY_CALL = 20,
	/* the kernel changed from inside a scope: a file, its code, a privilege */
	KS_WAY_KERNEL_FILE = 21,
	KS_WAY_KERNEL_CODE = 22,
	KS_WAY_CAPABILITY = 23,
	KS_WAY_SCHEDULE = 24,
	KS_WAY_CGROUP = 25,
	/* a runtime's debugging door: opened by a signal, entered by a socket */
	KS_WAY_DEBUG_SIGNAL = 26,
	KS_WAY_DEBUG_SOCKET = 27,
	/* a process on its way into a container, which has no record yet */
	KS_WAY_STARTING = 28,
	/* code mapped that is not of the container's image (`verify`) */
	KS_WAY_LIBRARY = 29,
};

/* Of KS_WAY_KERNEL_FILE and KS_WAY_CGROUP (ks_event.detail): kinds of kernel files and devices. */
enum ks_kernel_file {
	KS_FILE_SYSCTL = 1,
	KS_FILE_PROC = 2,
	KS_FILE_SYSFS = 3,
	KS_FILE_SECURITYFS = 4,
	KS_FILE_DEBUGFS = 5,
	KS_FILE_BINFMT = 6,
	KS_FILE_CONFIGFS = 7,
	KS_FILE_EFIVARFS = 8,
	KS_FILE_PSTORE = 9,
	KS_FILE_CGROUP = 10,
	KS_FILE_DEVICE = 11,
	KS_FILE_BLOCK_DEVICE = 12,
};

/* Of KS_WAY_KERNEL_CODE and KS_WAY_CAPABILITY. */
enum ks_kernel_code { KS_CODE_MODULE = 1, KS_CODE_OTHER = 2 };
enum ks_call { KS_CALL_SWAPON = 1, KS_CALL_PORTS = 2, KS_CALL_ACCT = 3, KS_CALL_FILE_HANDLE = 4 };

/* Parts of the kernel that a policy's `kernelControl` leaves to the scope. */
enum ks_control {
	KS_CONTROL_SYSCTL_VM = 1 << 0,
	KS_CONTROL_SYSCTL_FS = 1 << 1,
	KS_CONTROL_SYSFS = 1 << 2,
	KS_CONTROL_CGROUPS = 1 << 3,
	KS_CONTROL_BLOCK_DEVICES = 1 << 4,
	KS_CONTROL_MODULES = 1 << 5,
	KS_CONTROL_FILE_HANDLES = 1 << 6,
};

/* What the agent has to do for a process that waits, beside writing (ks_event.detail). */
enum ks_chore { KS_PROVE = 1 << 0, KS_ADD = 1 << 1 };

enum ks_reason {
	KS_OK = 0,
	/* the slot has no value for this process's bindings */
	KS_NO_VALUE = 1,
	/* the placeholder is shorter than registered, or damaged */
	KS_BAD_PLACEHOLDER = 2,
	KS_WRITE_FAULT = 3,
	KS_READ_FAULT = 4,
	KS_TRACED = 5,
	/* no placeholder of ours in the environment */
	KS_NO_PLACEHOLDER = 6,
	/* more strings or a longer string than can be scanned */
	KS_TOO_LARGE = 7,
	/* the kernel may not write here, and there is no agent to do it */
	KS_NO_AGENT = 8,
	/* the ring is full: the agent cannot be asked to write */
	KS_NO_ROOM = 9,
	/* the agent could not write */
	KS_NOT_WRITTEN = 10,
	/* the agent that was to write is gone */
	KS_AGENT_LOST = 11,
	/* `verify: image`: not a file of the container's image */
	KS_NOT_IMAGE = 12,
	/* `verify: sha256`: another content */
	KS_NOT_PINNED = 13,
	/* refusal has not proved itself within this exec */
	KS_UNPROVEN = 14,
	/* `verify`: on a file system that the container may have brought, and whose content it may change */
	KS_FOREIGN_FILE = 15,
	/* `verify`: code of a file that is not of the container's image is mapped already */
	KS_LIBRARY = 16,
};

/* Index into the counters of a scope; per-CPU, never reset while the scope lives. Those of scope 0 belong to none. */
enum ks_counter {
	KS_N_EVENTS_LOST = 0,
	KS_N_EXECS = 1,
	/* seals begun, by delivery or by fork */
	KS_N_SEALED = 2,
	KS_N_VALUES = 3,
	KS_N_FAILED = 4,
	KS_N_BLOCKED = 5,
	KS_N_AUDITED = 6,
	/* a process record did not fit: the fork or exec was refused */
	KS_N_RECORDS_REFUSED = 7,
	KS_N_STALE_RECORDS = 8,
	/* attempts that were counted and not reported: more than one a second by one process in one way */
	KS_N_UNREPORTED = 9,
	KS_N_MAX = 16,
};

struct ks_counters {
	__u64 n[KS_N_MAX];
};

#define KS_SLOT_LENGTH 32
#define KS_CHUNK 1024
#define KS_MAX_CHUNKS 64
#define KS_ALTERNATIVES 8
#define KS_NAME 256
#define KS_FILE 256
#define KS_COMM 16

/*
 * scopes: inode number of a PID namespace -> policy. One entry per Pod, changed in place (agent_settle): an entry that
 * is replaced is free for another scope at once, under the eyes of a program that has just looked it up.
 *
 * A registration's entries lie under its generation, in paths, slots, names and secret_values, and are never
 * changed: `generation` switches all of them over in one step. The canary's is under 0.
 */
struct ks_scope {
	__u32 mode;
	__u32 switches;
	/* sets of bindings, one bit each */
	__u64 entry_bindings;	/* without a binary: the entrypoint and its lineage */
	__u64 visitor_bindings; /* lineage: any */
	__u64 scrub_bindings;	/* children: scrub */
	__u64 deny_bindings;	/* children: deny */
	__u64 generation;	/* of the registration; its lower 32 bits are in keys */
	__u64 image_bindings;	/* verify: image */
	__u64 pinned_bindings;	/* verify: sha256, by the agent */
	__u64 added_bindings;	/* given even without a placeholder, by the agent */
	__u32 kernel_control;	/* of enum ks_control */
	__u32 reserved[1];
	__u64 trusted_bindings; /* `verify`: code of the container's image alone is mapped */
};

/*
 * cgroup_paths: a control group, by its path, whose processes are a scope. Such scopes have numbers below
 * KS_FIRST_PID_NS, which no PID namespace has (include/linux/proc_ns.h, PROC_USER_INIT_INO).
 */
#define KS_FIRST_PID_NS 0xe0000000U
#define KS_CGROUP_PATH 256

struct ks_cgroup_path {
	char path[KS_CGROUP_PATH]; /* from the root of the cgroup v2 hierarchy, zero-padded: at most 255 bytes */
};

/* processes: address of the thread group leader's task_struct -> record. */
struct ks_process {
	__u64 start;	/* start_boottime of the leader, ns; 0: forked, not yet announced */
	__u64 bindings; /* bindings it is sealed under */
	__u64 pending;	/* bindings of the exec in progress */
	__u64 refused;	/* of these, those its files failed `verify` for */
	__u32 scope;
	__u32 flags;
	__u64 container;  /* sequence number of its mount namespace when it entered: never used twice */
	__u64 generation; /* of the scope when the values it has were given */
	__u64 exec;	  /* the linux_binprm that both proofs of this exec are of (proof.h); 0: there is none */
	__u32 pid;	  /* with KS_GIVEN or KS_WAITING: its number in the scope's PID namespace */
	__u32 reason;	  /* enum ks_reason: why `refused` is not empty */
};

/* agents: scope -> its living agent. Gone with that process. */
struct ks_agent {
	__u64 task; /* key in processes */
	__u64 start;
};

struct ks_container_key {
	__u32 scope;
	__u32 reserved;
	__u64 mount_ns; /* sequence number */
};

/*
 * containers: one entrypoint a life. A new life of a container has a new mount namespace, with a number of its own, so
 * an entry outlives its entrypoint: a process that enters that namespace later from outside is a visitor.
 */
struct ks_container {
	__u64 entry; /* key in processes */
	__u64 start;
	__u32 ended; /* its entrypoint has */
	__u32 reserved;
};

/* Lives of containers that a scope remembers: those that ended make room, oldest first. */
#define KS_LIVES 128

/* lives: scope -> the containers it has entries of. */
struct ks_lives {
	__u64 floor; /* no container that came before this number can begin a life any more */
	__u64 count;
	__u64 mount_ns[KS_LIVES];
};

/* paths: a trie of the bound programs' paths, from the last component to the first. */
struct ks_path_key {
	__u32 scope;
	__u32 generation;
	__u32 node; /* 0: the last component */
	char name[KS_NAME];
};

struct ks_path {
	__u64 bindings; /* of the path that is complete here, if the root follows */
	__u64 anywhere; /* of basename selectors: in every folder */
	__u32 next;
	__u32 reserved;
};

struct ks_slot_key {
	__u32 scope;
	__u32 generation;
	char slot[KS_SLOT_LENGTH];
};

struct ks_alternative {
	__u64 bindings;
	__u32 value; /* number in secret_values; 0: there is none */
	__u32 length;
};

/* slots: a placeholder -> the values it may become, by binding. */
struct ks_slot {
	__u32 capacity;
	__u32 count;
	struct ks_alternative alternatives[KS_ALTERNATIVES];
};

struct ks_owner_key {
	__u32 scope;
	char slot[KS_SLOT_LENGTH];
};

/*
 * owners: a placeholder -> the container whose runtime gave it to the entrypoint. It moves to a container that begins a
 * life with it after this one's entrypoint has ended, and to no other.
 */
struct ks_owner {
	__u64 mount_ns; /* sequence number */
	__u64 start;	/* of its entrypoint */
};

#define KS_VARIABLE 64

struct ks_name_key {
	__u32 scope;
	__u32 generation;
	char name[KS_VARIABLE]; /* zero-padded: at most 62 bytes, so that the `=` behind it is read too */
};

/* names: a variable -> the bindings that give it. */
struct ks_name {
	__u64 bindings;
	__u32 length; /* of the name */
	__u32 reserved;
};

struct ks_number_key {
	__u32 scope;
	__u32 generation;
	__u32 number; /* bit of a set of bindings */
};

/* numbers: which binding a number means, for the agent that follows this one: running processes go by the number. */
struct ks_number {
	char binding[32]; /* SHA-256 of name and selector, which tell bindings apart */
	__u32 retired;
	__u32 reserved;
};

struct ks_value_key {
	__u32 scope;
	__u32 generation;
	__u32 value;
	__u32 chunk;
};

/* values: KS_CHUNK bytes of a secret, padded with zeroes. */
struct ks_value {
	__u8 bytes[KS_CHUNK];
};

/*
 * needles: 8 bytes of each value -> which value they are of, by which an environment is searched for values
 * under any variable name. As secret as the values.
 */
#define KS_NEEDLE_RANKS 4

struct ks_needle_key {
	__u32 scope;
	__u32 generation;
	__u32 rank; /* of values that have these 8 bytes in common: 0..KS_NEEDLE_RANKS-1 */
	__u32 reserved;
	__u64 word; /* little-endian: the first byte is the lowest */
};

/* Which words any needle of a registration has, by KS_SIEVE_HASH: most of an environment is passed over by it. */
#define KS_SIEVE_WORDS 64
#define KS_SIEVE_HASH(word) (((word)*0x9e3779b97f4a7c15ULL) >> 52)

struct ks_sieve_key {
	__u32 scope;
	__u32 generation;
};

struct ks_sieve {
	__u64 bits[KS_SIEVE_WORDS];
};

struct ks_needle {
	__u64 bindings; /* that give the value */
	__u32 value;	/* number in secret_values */
	__u32 length;	/* of the value */
	__u32 offset;	/* of the 8 bytes in it */
	__u32 reserved;
};

struct ks_task {
	__u64 start;   /* start_boottime of the thread group leader, ns */
	__u32 tgid;    /* init PID namespace */
	__u32 tid;     /* init PID namespace */
	__u32 ns_tgid; /* in its own PID namespace */
	__u32 uid;     /* init user namespace */
	__u32 flags;   /* enum ks_proc_flag */
	__u32 reserved;
	char comm[KS_COMM];
};

struct ks_event {
	__u64 time; /* ktime_get_ns */
	__u32 kind;
	__u32 action;
	__u32 way;
	__u32 reason;
	__u32 scope;
	__s32 error; /* negative errno of a failed helper */
	__u64 bindings;
	__u64 cgroup;
	__u64 duration; /* ns spent on delivery */
	__u32 count;	/* values written */
	__u32 detail;	/* ptrace mode, signal, or sample_type */
	__u32 parent_tgid;
	__u32 pid; /* of KS_EV_WAIT: the process in the scope's PID namespace */
	struct ks_task actor;
	struct ks_task target;
	char file[KS_FILE]; /* program, or name of the file opened; for people, never for decisions */
};

/* A value the agent is to write into a process that waits; time and kind stand where those of ks_event do. */
struct ks_write {
	__u64 time;
	__u32 kind;
	__u32 value; /* number in secret_values; 0: zeroes */
	__u64 start; /* the process: tgid in the init PID namespace, and start_boottime */
	__u32 tgid;
	__u32 capacity; /* bytes to write, the value padded with zeroes */
	__u64 address;	/* of the first of them */
	__u32 generation;
	__u32 reserved;
};

#define KS_ASSERT(what) _Static_assert(what, #what)
KS_ASSERT(sizeof(struct ks_scope) == 88);
KS_ASSERT(sizeof(struct ks_cgroup_path) == 256);
KS_ASSERT(sizeof(struct ks_process) == 72);
KS_ASSERT(sizeof(struct ks_agent) == 16);
KS_ASSERT(sizeof(struct ks_container_key) == 16);
KS_ASSERT(sizeof(struct ks_container) == 24);
KS_ASSERT(sizeof(struct ks_lives) == 1040);
KS_ASSERT(sizeof(struct ks_counters) == 128);
KS_ASSERT(sizeof(struct ks_path_key) == 268);
KS_ASSERT(sizeof(struct ks_path) == 24);
KS_ASSERT(sizeof(struct ks_slot_key) == 40);
KS_ASSERT(sizeof(struct ks_slot) == 136);
KS_ASSERT(sizeof(struct ks_owner_key) == 36);
KS_ASSERT(sizeof(struct ks_owner) == 16);
KS_ASSERT(sizeof(struct ks_name_key) == 72);
KS_ASSERT(sizeof(struct ks_name) == 16);
KS_ASSERT(sizeof(struct ks_number_key) == 12);
KS_ASSERT(sizeof(struct ks_number) == 40);
KS_ASSERT(sizeof(struct ks_value_key) == 16);
KS_ASSERT(sizeof(struct ks_needle_key) == 24);
KS_ASSERT(sizeof(struct ks_sieve) == 512);
KS_ASSERT(sizeof(struct ks_needle) == 24);
KS_ASSERT(sizeof(struct ks_task) == 48);
KS_ASSERT(sizeof(struct ks_event) == 424);
KS_ASSERT(sizeof(struct ks_write) == 48);

#endif
