/* SPDX-License-Identifier: GPL-2.0 */
/* The first question of every hook: the record of a process, and the role that it says the process has. */
#ifndef KERNELSEAL_RECORD_H
#define KERNELSEAL_RECORD_H

#include "maps.h"

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

static __always_inline __u32 as_visitor(__u32 flags)
{
	return (flags & ~(KS_WORKLOAD | KS_BEGINNING)) | KS_VISITOR;
}

/*
 * The flags of a process as they count. Only the process itself changes those in its record: another one that changed
 * them at the same time could take a seal back, and before 5.12 there is no way to do it at once. So others have a word
 * of their own.
 */
static __always_inline __u32 flags_of(const struct ks_process *process)
{
	return process->written ? as_visitor(process->flags) : process->flags;
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

static __always_inline int same_memory(struct task_struct *a, struct task_struct *b)
{
	struct mm_struct *mm = BPF_CORE_READ(a, mm);

	return mm && mm == BPF_CORE_READ(b, mm);
}

#endif
