/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Messages of the kernel to the agent: events of a scope, and orders to write values. */
#ifndef KERNELSEAL_WIRE_EVENT_H
#define KERNELSEAL_WIRE_EVENT_H

#include "assert.h"
#include "limit.h"

/* 5 was the end of a process, which no version ever reported. */
enum ks_kind {
	KS_EV_EXEC = 1,
	/* values delivered, process sealed */
	KS_EV_INJECT = 2,
	/* delivery failed: `reason` says why, `action` the fate of the process */
	KS_EV_FAIL = 3,
	/* a process tried a way to a secret */
	KS_EV_ACCESS = 4,
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

/* What the agent has to do for a process that waits, beside writing (ks_wait.work). */
enum ks_work { KS_PROVE = 1 << 0, KS_ADD = 1 << 1 };

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

/* How each event begins; a structure for each kind follows. `file` is the program; for people, never for decisions. */
struct ks_event {
	__u64 time; /* ktime_get_ns */
	__u32 kind;
	__u32 scope;
	__u64 cgroup;
	__u32 parent_tgid;
	__u32 reserved;
	struct ks_task actor;
};

struct ks_exec {
	struct ks_event event;
	char file[KS_FILE];
};

struct ks_inject {
	struct ks_event event;
	__u64 bindings;
	__u64 duration; /* ns spent on delivery */
	__u32 count;	/* values written */
	__u32 reserved;
	char file[KS_FILE];
};

struct ks_fail {
	struct ks_event event;
	__u64 bindings;
	__u32 action;
	__u32 reason;
	__s32 error; /* negative errno of a failed helper */
	__u32 reserved;
	char file[KS_FILE];
};

struct ks_access {
	struct ks_event event;
	__u64 bindings;
	__u32 action;
	__u32 way;
	__u32 detail; /* ptrace mode, signal, or sample_type */
	__u32 reserved;
	struct ks_task target;
};

struct ks_scrub {
	struct ks_event event;
	__u32 count; /* values taken out */
	__u32 reserved;
	char file[KS_FILE];
};

struct ks_odd {
	struct ks_event event;
	__u64 bindings;
	char start[KS_VARIABLE]; /* of the string that the placeholder stands in: the variable's name, then `=` */
};

struct ks_wait {
	struct ks_event event;
	__u64 bindings;
	__u64 key;  /* of the process in processes, whose record says how long it waits */
	__u32 pid;  /* the process in the scope's PID namespace */
	__u32 work; /* enum ks_work */
	char file[KS_FILE];
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

KS_ASSERT(sizeof(struct ks_task) == 48);
KS_ASSERT(sizeof(struct ks_event) == 80);
KS_ASSERT(sizeof(struct ks_access) == 152);
KS_ASSERT(sizeof(struct ks_inject) == 360);
KS_ASSERT(sizeof(struct ks_write) == 48);

#endif
