/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The verdict on one process's look at the data of another that procfs shows: asked when an entry is opened, and when
 * it is walked to or read with the check of ptrace.
 */
#ifndef KERNELSEAL_PROC_ACCESS_H
#define KERNELSEAL_PROC_ACCESS_H

#include "judge.h"

static __always_inline __u32 switch_of(__u32 way)
{
	return way == KS_WAY_ENVIRON ? KS_BLOCK_ENVIRON : way == KS_WAY_MAPS ? KS_BLOCK_MAPS : KS_BLOCK_MEM;
}

/*
 * Monitoring lists the descriptors and maps of every process of a node all the time (cAdvisor, in the kubelet). From
 * outside a Pod that is refused like everything else, but is no news.
 */
static __always_inline int judge_agent_file(struct ks_process *process, struct ks_scope *scope,
					    struct task_struct *target, __u32 way, int again)
{
	if ((way == KS_WAY_MAPS || way == KS_WAY_PROC_FILE) && current_scope() != process->scope)
		return -EPERM;
	return judge(scope, process, target, 1, KS_WAY_AGENT_FILE, way, 0, again);
}

/* Whether `current` may read `target`'s data that `way` shows. */
static __always_inline int judge_file(struct ks_process *process, struct ks_scope *scope, struct task_struct *target,
				      __u32 way, int again)
{
	int self = same_memory(current_task(), target);

	if (process->flags & KS_AGENT)
		return self ? 0 : judge_agent_file(process, scope, target, way, again);
	if (self && ((way != KS_WAY_ENVIRON && way != KS_WAY_MEM) || (scope->switches & KS_ALLOW_SELF_READ)))
		return 0;
	if (is_agent_of(process->scope))
		return 0;
	return judge(scope, process, target, !!(scope->switches & switch_of(way)), way, 0, 0, again);
}

#endif
