/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lineage that is lost by writing. A visitor that may write into an application's process decides what that process
 * starts from then on, so it counts as a visitor itself, and so does every process that works in the same memory:
 * between vfork(2) and exec parent and child have one (shells, posix_spawn(3), Go).
 */
#ifndef KERNELSEAL_LINEAGE_H
#define KERNELSEAL_LINEAGE_H

#include "record.h"

/*
 * A vfork() within a vfork() and so on: a process at the end of a longer chain is a visitor, and others do not write
 * into it.
 */
#define MOST_SHARING 4

/* Of a record that no other process sees yet. */
static __always_inline void become_visitor(struct ks_process *record)
{
	record->written = 1;
	record->flags = as_visitor(record->flags);
}

/*
 * Whether the way up from a process leads to the one that its memory began with: that has not been made by sharing. Not
 * where a process on the way has ended or gone on to another program, was made as its maker's sibling (CLONE_PARENT),
 * or the way is long: then others may work in this memory, and none of them can be found.
 */
static __always_inline int is_owner_known(struct ks_process *process, struct task_struct *task)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);

	for (int i = 0; i < MOST_SHARING && (process->flags & KS_SHARING); i++) {
		task = BPF_CORE_READ(task, group_leader, real_parent);
		process = process_of(task);
		if (!process || BPF_CORE_READ(task, mm) != mm)
			return 0;
	}
	return !(process->flags & KS_SHARING);
}

/* A process that was written to, and those above it whose memory that is. Returns whether one was of a workload. */
static __always_inline int lose_lineage_of(struct ks_process *process, struct task_struct *task)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	__u32 had = flags_of(process);

	process->written = 1;
	for (int i = 0; i < MOST_SHARING && (process->flags & KS_SHARING); i++) {
		task = BPF_CORE_READ(task, group_leader, real_parent);
		process = process_of(task);
		if (!process || BPF_CORE_READ(task, mm) != mm)
			break;
		had |= flags_of(process);
		process->written = 1;
	}
	return !!(had & KS_WORKLOAD);
}

/*
 * Whether a process of a Pod, about to exec or to fork, has lost its lineage since it began to work in another's
 * memory: an owner of that has, or has ended, so that it cannot be asked.
 */
static __always_inline int has_lost_lineage(struct ks_process *process, struct ks_scope *scope,
					    struct task_struct *task)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);

	if (!process || (scope->switches & KS_HOST))
		return 0;
	if (process->written)
		return 1;
	if (!(process->flags & KS_SHARING))
		return 0;
	for (int i = 0; i < MOST_SHARING; i++) {
		if (!(flags_of(process) & KS_WORKLOAD))
			return 1;
		if (!(process->flags & KS_SHARING))
			return 0;
		task = BPF_CORE_READ(task, group_leader, real_parent);
		process = process_of(task);
		if (!process || BPF_CORE_READ(task, mm) != mm)
			return 1;
	}
	return 1;
}

#endif
