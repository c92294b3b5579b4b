/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The maps, and the two questions every hook asks: the task's role, and the scope that rules it.
 *
 * Every object declares the maps weakly; the link keeps one of each.
 */
#ifndef KERNELSEAL_SCOPE_H
#define KERNELSEAL_SCOPE_H

#include "kernel.h"
#include "wire.h"

/* Full: the agent refuses to register another Pod and says so. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct ks_scope);
} scopes __weak SEC(".maps");

/* Full: the fork or exec that needs a record is refused with ENOMEM and counted (KS_N_RECORDS_REFUSED). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct ks_process);
} processes __weak SEC(".maps");

/* Full: the container's first process counts as a visitor, gets nothing, and the record refused is counted. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ks_container_key);
	__type(value, struct ks_container);
} containers __weak SEC(".maps");

/*
 * Written by agents only; full: registration fails as a whole, with the limit named. The same for the next three.
 *
 * Maps that hold values or placeholders give sizes in place of types: a pinned map whose value has a BTF type is a file
 * that prints every entry to its reader (bpf_map_support_seq_show, kernel/bpf/syscall.c), and no hook of maps is asked.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ks_path_key);
	__type(value, struct ks_path);
} paths __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct ks_slot_key));
	__uint(value_size, sizeof(struct ks_slot));
} slots __weak SEC(".maps");

/* Full: the placeholder is not filled, and the process that brought it counts as one without. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct ks_owner_key));
	__uint(value_size, sizeof(struct ks_owner));
} owners __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ks_name_key);
	__type(value, struct ks_name);
} names __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct ks_value_key));
	__uint(value_size, sizeof(struct ks_value));
} secret_values __weak SEC(".maps");

/*
 * Written by agents with the values, and as secret: without BTF types, so that the kernel does not print the
 * content of the pin. Full: registration fails as a whole, with the limit named.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct ks_needle_key));
	__uint(value_size, sizeof(struct ks_needle));
} needles __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2048);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct ks_sieve_key));
	__uint(value_size, sizeof(struct ks_sieve));
} sieves __weak SEC(".maps");

/* Into the object's BTF, where the agent checks them: no map's types say it. */
const struct ks_needle_key *const needle_key_layout __weak = 0;
const struct ks_needle *const needle_layout __weak = 0;
const struct ks_sieve_key *const sieve_key_layout __weak = 0;
const struct ks_sieve *const sieve_layout __weak = 0;

/* Read by agents alone. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ks_number_key);
	__type(value, struct ks_number);
} numbers __weak SEC(".maps");

/* Written by agents when they register a scope; a scope without an entry is not counted. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct ks_counters);
} counters __weak SEC(".maps");

/* One per scope at most. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct ks_agent);
} agents __weak SEC(".maps");

/* Which scope the processes of a path's control group are; written by agents. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ks_cgroup_path);
	__type(value, __u32);
} cgroup_paths __weak SEC(".maps");

/*
 * The same by number, of groups below as well; written when a group is made (cgroup_scope.bpf.c), and by the agent for
 * those that are there already. Full: the group's processes are in no scope and get nothing.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32);
} cgroup_scopes __weak SEC(".maps");

/* Puts the layouts of those maps into the object's BTF, where the agent checks them; nothing else refers to the types.
 */
struct untyped_layouts {
	struct ks_slot_key slot_key;
	struct ks_slot slot;
	struct ks_alternative alternative;
	struct ks_owner_key owner_key;
	struct ks_owner owner;
	struct ks_value_key value_key;
	struct ks_value value;
};
const struct untyped_layouts *const untyped_layouts __weak = 0;

static __always_inline void count_many(__u32 scope, __u32 counter, __u64 many)
{
	struct ks_counters *counted = bpf_map_lookup_elem(&counters, &scope);

	if (counted && counter < KS_N_MAX)
		__sync_fetch_and_add(&counted->n[counter], many); /* newer kernels preempt tracepoints */
}

static __always_inline void count(__u32 scope, __u32 counter)
{
	count_many(scope, counter, 1);
}

static __always_inline struct task_struct *current_task(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

/*
 * The record of the process that `task` belongs to, or NULL. The key is an address, which the slab may hand out
 * again: a record whose start differs from the task's is another process's left-over, and not its own. A record
 * without a start belongs to a child whose fork has not been announced yet (see process_record.bpf.c).
 */
static __always_inline struct ks_process *process_of(struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	__u64 key = (__u64)leader;
	struct ks_process *process = bpf_map_lookup_elem(&processes, &key);

	if (!process)
		return NULL;
	if (process->start && process->start != BPF_CORE_READ(leader, start_boottime)) {
		count(0, KS_N_STALE_RECORDS);
		return NULL;
	}
	return process;
}

/*
 * Closed to other processes: it is sealed, is the agent, or is about to be sealed. The last counts from
 * bprm_check_security on, because exec installs the new memory before the exec point is reached. (After an exec that
 * failed it stays so until the next one.)
 */
static __always_inline int is_guarded(const struct ks_process *process)
{
	return (process->flags & (KS_SEALED | KS_AGENT | KS_WAITING)) || process->pending;
}

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

/* Namespaces above the task's own that are searched: deeper nesting finds no scope, and so gets no secret. */
#define MAX_PID_NS_DEPTH 8

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

/* Whether a process has the agent's privileges. */
static __always_inline int is_agent(const struct ks_process *process)
{
	return process && (process->flags & (KS_AGENT | KS_BLIND)) == KS_AGENT;
}

/* Tries the canary: its refusals are neither counted nor reported. */
static __always_inline int is_blind(const struct ks_process *process)
{
	return process && (process->flags & KS_BLIND);
}

static __always_inline int is_agent_of(__u32 scope)
{
	struct ks_process *self = process_of(current_task());

	return is_agent(self) && self->scope == scope;
}

static __always_inline int same_memory(struct task_struct *a, struct task_struct *b)
{
	struct mm_struct *mm = BPF_CORE_READ(a, mm);

	return mm && mm == BPF_CORE_READ(b, mm);
}

#endif
