/* SPDX-License-Identifier: GPL-2.0 */
/*
 * process_madvise(2) of a guarded process by a holder of CAP_PERFMON, since newer kernels' mm_access() lets
 * it through before any ptrace check (MADV_PAGEOUT sends a stack to swap). What is left of hooks there is
 * capable(CAP_SYS_NICE) in process_madvise() (mm/madvise.c).
 */
#ifndef KERNELSEAL_ADVICE_H
#define KERNELSEAL_ADVICE_H

#include "judge.h"
#include "../current_call.h"
#include "../open_file.h"

#define NR_PROCESS_MADVISE 440 /* the same for all architectures and tables */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct inode___pidfs {
	void *i_private;
};

#pragma clang attribute pop

/* The process of a pidfd, where pidfs has it (6.9, fs/pidfs.c, pidfd_pid). Another file has none of ours there. */
static __always_inline struct task_struct *process_of_pidfd(__u32 number)
{
	struct inode___pidfs *inode = (void *)BPF_CORE_READ(open_file_of(current_task(), number), f_inode);
	struct pid *pid = BPF_CORE_READ(inode, i_private);
	struct hlist_node *first = NULL;

	bpf_core_read(&first, sizeof(first), &pid->tasks[PIDTYPE_PID].first);
	return first ? (void *)first - bpf_core_field_offset(struct task_struct, pid_links) : NULL;
}

/* The verdict on the call that `current` is in. */
static __always_inline int judge_advice(int again)
{
	struct task_struct *target = process_of_pidfd(first_argument_of_current());
	struct ks_process *process = target ? process_of(target) : NULL;
	struct ks_scope *scope;

	if (!process || !is_guarded(process) || is_agent_of(process->scope) || same_memory(current_task(), target))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope)
		return 0;
	return judge(scope, process, target, is_closed(process, scope, KS_BLOCK_PTRACE | KS_BLOCK_MEM),
		     KS_WAY_MEMORY_CALL, NR_PROCESS_MADVISE, 0, again);
}

#endif
