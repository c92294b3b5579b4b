/* SPDX-License-Identifier: GPL-2.0 */
/* The second question of every hook: the scope that rules a task, and whether its agent lives. */
#ifndef KERNELSEAL_SCOPE_H
#define KERNELSEAL_SCOPE_H

#include "record.h"

/* The active PID namespace of a task (task_active_pid_ns in kernel/pid.c), not the one its children get. */
static __always_inline struct pid_namespace *pid_namespace_of(struct task_struct *task, __u32 *ns_pid)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	struct upid upid = {};
	void *at = (void *)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);

	bpf_core_read(&upid.nr, sizeof(upid.nr), at + bpf_core_field_offset(struct upid, nr));
	bpf_core_read(&upid.ns, sizeof(upid.ns), at + bpf_core_field_offset(struct upid, ns));
	if (ns_pid)
		*ns_pid = upid.nr;
	return upid.ns;
}

#define INIT_PID_NS 0xeffffffcU /* the machine's own: include/linux/proc_ns.h, PROC_PID_INIT_INO */

/* MAX_PID_NS_LEVEL of include/linux/pid_namespace.h, and the machine's own: a search that gave up earlier would find no
 * scope, and with it no rule. */
#define MAX_PID_NS_DEPTH 33

/* The innermost scope a task lives in, by the chain of its PID namespaces; 0: none. */
static __always_inline __u32 scope_of(struct task_struct *task)
{
	struct pid_namespace *ns = pid_namespace_of(task, NULL);

	for (int i = 0; i < MAX_PID_NS_DEPTH && ns; i++) {
		__u32 inum = BPF_CORE_READ(ns, ns.inum);

		if (bpf_map_lookup_elem(&scopes, &inum))
			return inum;
		ns = BPF_CORE_READ(ns, parent);
	}
	return 0;
}

/* A Pod's PID namespace, of a task in it: however deep it is in namespaces of its own making. NULL: of no Pod. */
static __always_inline struct pid_namespace *pid_namespace_of_pod(struct task_struct *task, __u32 scope)
{
	struct pid_namespace *ns = pid_namespace_of(task, NULL);

	for (int i = 0; i < MAX_PID_NS_DEPTH && ns; i++) {
		if (BPF_CORE_READ(ns, ns.inum) == scope)
			return ns;
		ns = BPF_CORE_READ(ns, parent);
	}
	return NULL;
}

/* The user namespace that a Pod's PID namespace belongs to. */
static __always_inline struct user_namespace *user_namespace_of_pod(struct task_struct *task, __u32 scope)
{
	struct pid_namespace *ns = pid_namespace_of_pod(task, scope);

	return ns ? BPF_CORE_READ(ns, user_ns) : NULL;
}

/* The scope that the control group of `task` is or is in; 0: none. */
static __always_inline __u32 scope_of_cgroup(struct task_struct *task)
{
	__u64 id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	__u32 *scope = bpf_map_lookup_elem(&cgroup_scopes, &id);

	return scope ? *scope : 0;
}

/*
 * A process's number in the PID namespace that is the scope, or in the machine's own where a control group is it; 0: it
 * has none there.
 */
static __always_inline __u32 pid_in_scope(struct task_struct *leader, __u32 scope)
{
	__u32 inum = scope < KS_FIRST_PID_NS ? INIT_PID_NS : scope;
	struct pid *pid = BPF_CORE_READ(leader, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	struct upid upid = {};
	void *at;

	for (__u32 i = 0; i < MAX_PID_NS_DEPTH && i <= level; i++) {
		at = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
		     (level - i) * bpf_core_type_size(struct upid);
		bpf_core_read(&upid.nr, sizeof(upid.nr), at + bpf_core_field_offset(struct upid, nr));
		bpf_core_read(&upid.ns, sizeof(upid.ns), at + bpf_core_field_offset(struct upid, ns));
		if (BPF_CORE_READ(upid.ns, ns.inum) == inum)
			return upid.nr;
	}
	return 0;
}

/* The scope that `current` belongs to, by its record or its namespaces; 0: none. */
static __always_inline __u32 current_scope(void)
{
	struct ks_process *process = process_of(current_task());

	return process ? process->scope : scope_of(current_task());
}

/* Whether a scope's agent lives. While it does, no other process becomes its agent. */
static __always_inline int has_agent(__u32 scope)
{
	struct ks_agent *agent = bpf_map_lookup_elem(&agents, &scope);
	struct ks_process *process;

	if (!agent)
		return 0;
	process = bpf_map_lookup_elem(&processes, &agent->task);
	return process && (process->flags & KS_AGENT) && process->start == agent->start;
}

/* Whether `current` is the living agent of a scope: neither a child of it nor one that a scope has had. */
static __always_inline int is_enrolled(__u32 scope)
{
	struct ks_agent *agent = bpf_map_lookup_elem(&agents, &scope);

	return agent && has_agent(scope) && agent->task == (__u64)BPF_CORE_READ(current_task(), group_leader);
}

/*
 * Whether `current` is the agent of a scope. Its record names the scope it enrolled in first, by whose rules it is
 * guarded; it may serve others beside (track/agent_enroll.bpf.c).
 */
static __always_inline int is_agent_of(__u32 scope)
{
	struct ks_process *self = process_of(current_task());

	return is_agent(self) && (self->scope == scope || is_enrolled(scope));
}

#define ROOT_GROUP 1 /* kernfs gives its root the first number (kernfs_create_root, fs/kernfs/dir.c) */
#define CGRP_ROOT_NS_DELEGATE (1 << 3) /* include/linux/cgroup-defs.h */

/* The root of a cgroup namespace, as long as it is a group and not the whole hierarchy; 0 otherwise. */
static __always_inline __u64 group_of_namespace(struct task_struct *task)
{
	__u64 id = BPF_CORE_READ(task, nsproxy, cgroup_ns, root_cset, dfl_cgrp, kn, id);

	return id == ROOT_GROUP ? 0 : id;
}

/* Whether the kernel keeps moves of processes within the mover's cgroup namespace: by the last mount of cgroup v2. */
static __always_inline int is_delegated(void)
{
	return !!(BPF_CORE_READ(current_task(), cgroups, dfl_cgrp, root, flags) & CGRP_ROOT_NS_DELEGATE);
}

#endif
