/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Of a process: its record and the flags in it, the agent of a scope, and the lives of its container. */
#ifndef KERNELSEAL_WIRE_PROCESS_H
#define KERNELSEAL_WIRE_PROCESS_H

#include "assert.h"
#include "limit.h"

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
	/* until its next exec: a container's first program, which is the agent's; may become it */
	KS_HEIR = 1 << 16,
	/* until its next exec: made by clone(2) with CLONE_VM, as vfork(2) does, and works in its parent's memory */
	KS_SHARING = 1 << 17,
};

/* The binding of the canary: no policy has that many. */
#define KS_CANARY_BINDING (1ULL << KS_MOST_BINDINGS)

/* processes: address of the thread group leader's task_struct -> record. */
struct ks_process {
	__u64 start;	/* start_boottime of the leader, ns; 0: forked, not yet announced */
	__u64 bindings; /* bindings it is sealed under */
	__u64 pending;	/* bindings of the exec in progress */
	__u64 refused;	/* bindings that the files of the last exec failed `verify` for, also where it failed */
	__u32 scope;
	__u32 flags;
	__u64 container;  /* sequence number of its mount namespace when it entered: never used twice */
	__u64 generation; /* of the scope when the values it has were given */
	__u64 exec;	  /* the linux_binprm that both proofs of this exec are of (proof.h); 0: there is none */
	__u32 pid;	  /* with KS_GIVEN or KS_WAITING: its number in the scope's PID namespace */
	__u32 reason;	  /* enum ks_reason: why `refused` is not empty */
	__u32 written;	  /* 1: a visitor may have written into its memory, so that it counts as one. The only word that
			     others set: last, and never written over */
	__u32 reserved;
};

/*
 * agents: scope -> its agent, which lives while `processes` has its record. Entries of scopes that an agent served
 * beside its first outlive one that is killed.
 */
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
	__u32 root;  /* s_dev of the file system that its runtime made its root */
};

/* lives: scope -> the containers it has entries of. */
struct ks_lives {
	__u64 floor; /* no container that came before this number can begin a life any more */
	__u64 count;
	__u64 mount_ns[KS_LIVES];
};

KS_ASSERT(sizeof(struct ks_process) == 80);
KS_ASSERT(sizeof(struct ks_agent) == 16);
KS_ASSERT(sizeof(struct ks_container_key) == 16);
KS_ASSERT(sizeof(struct ks_container) == 24);
KS_ASSERT(sizeof(struct ks_lives) == 1040);

#endif
