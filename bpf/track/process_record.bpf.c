// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps one record per process of a scope, from before it can be seen until after it is gone.
 *
 *   task_alloc          copy_process(), before the child has memory or a number: the child's record is made, or
 *                       the fork is refused. No moment exists at which a copy of a sealed process is unsealed. A
 *                       child in a control group of another is refused here too (group_entry.h).
 *   sched_process_fork  the child is complete: its start time joins the record
 *
 * process_record_end.bpf.c has the other end.
 */
#include "emit.h"
#include "group_entry.h"
#include "home.h"
#include "hook.h"
#include "identity.h"
#include "lineage.h"
#include "share.h"

/* The child's memory is its own, and a copy of its parent's: with all that was written there. */
static __always_inline int lost_before_fork(struct ks_process *parent)
{
	struct ks_scope *scope;
	__u32 inum;

	if (!(parent->flags & KS_SHARING) && !parent->written)
		return 0;
	inum = parent->scope;
	scope = bpf_map_lookup_elem(&scopes, &inum);
	return scope && has_lost_lineage(parent, scope, current_task());
}

ENFORCE(record_fork, task_alloc, security_task_alloc, (task, clone_flags), struct task_struct *task,
	unsigned long clone_flags)
{
	struct ks_process *parent, child;
	__u64 key = (__u64)task;
	int refused = group_entry_verdict(clone_flags, again);

	if (refused || (clone_flags & CLONE_THREAD))
		return refused;
	parent = process_of(current_task());
	if (!parent)
		return 0;
	child = *parent;
	child.start = 0;
	child.pending = 0;
	child.refused = 0;
	child.exec = 0;
	child.flags &= ~(KS_ENTRY | KS_BEGINNING | KS_HEIR | KS_EXECING | KS_DUMPING | KS_WAITING | KS_GIVEN |
			 KS_FOREIGN | KS_SHARING);
	if (lost_before_fork(parent))
		become_visitor(&child);
	if (clone_flags & CLONE_VM)
		child.flags |= KS_SHARING;
	if (!keep_record(key, &child))
		return 0;
	count(child.scope, KS_N_RECORDS_REFUSED);
	return -ENOMEM;
}

static __always_inline int announce(struct task_struct *child)
{
	__u64 key = (__u64)child;
	struct ks_process *process = bpf_map_lookup_elem(&processes, &key), *parent;

	if (!process || process->start)
		return 0;
	parent = process_of(current_task());
	if (parent && parent->written) /* perhaps after the record was copied, and before the memory was */
		process->written = 1;
	process->start = BPF_CORE_READ(child, start_boottime);
	if (process->flags & KS_SEALED)
		count(process->scope, KS_N_SEALED);
	return 0;
}

/* Twice, for the reason that hook.h gives. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(record_announce, struct task_struct *parent, struct task_struct *child)
{
	return announce(child);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(record_announce_2, struct task_struct *parent, struct task_struct *child)
{
	return announce(child);
}

char LICENSE[] SEC("license") __weak = "GPL";
