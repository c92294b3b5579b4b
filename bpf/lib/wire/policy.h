/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Of a scope: its policy, as the agent gives it to the kernel, and the control groups that are scopes. */
#ifndef KERNELSEAL_WIRE_POLICY_H
#define KERNELSEAL_WIRE_POLICY_H

#include "assert.h"
#include "limit.h"

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
	/* no value is given: set while the agent knows that protection does not stand. Everything else goes on */
	KS_WITHHELD = 1 << 10,
};

/* Parts of the kernel that a policy's `kernelControl` leaves to the scope. */
enum ks_control {
	KS_CONTROL_SYSCTL_VM = 1 << 0,
	KS_CONTROL_SYSCTL_FS = 1 << 1,
	KS_CONTROL_SYSFS = 1 << 2,
	KS_CONTROL_CGROUPS = 1 << 3,
	KS_CONTROL_BLOCK_DEVICES = 1 << 4,
	KS_CONTROL_MODULES = 1 << 5,
	KS_CONTROL_FILE_HANDLES = 1 << 6,
	KS_CONTROL_DEVICES = 1 << 7,
};

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
 * KS_FIRST_PID_NS, which no PID namespace has.
 */
struct ks_cgroup_path {
	char path[KS_CGROUP_PATH]; /* from the root of the cgroup v2 hierarchy, zero-padded: at most 255 bytes */
};

KS_ASSERT(sizeof(struct ks_scope) == 88);
KS_ASSERT(sizeof(struct ks_cgroup_path) == 256);

#endif
