/* SPDX-License-Identifier: GPL-2.0 */
/* Which processes may do something to a scope's agent that could end it, stop it, or keep it from running. */
#ifndef KERNELSEAL_AGENT_REACH_H
#define KERNELSEAL_AGENT_REACH_H

#include "judge.h"

/* In a Pod the runtime signals from outside the PID namespace; on a host, init and the agent's parent may. */
static __always_inline int may_signal(struct ks_scope *scope, __u32 inum, struct task_struct *agent)
{
	struct task_struct *task = current_task();
	__u32 tgid = BPF_CORE_READ(task, tgid);

	if (scope->switches & KS_HOST)
		return tgid == 1 || tgid == BPF_CORE_READ(agent, real_parent, tgid);
	return scope_of(task) != inum;
}

/* An act of `current` on `target`, if that is an agent: refused inside its scope. */
static __always_inline int reach_verdict(struct task_struct *target, __u32 way, __u32 detail, int again)
{
	struct ks_process *process = process_of(target);
	struct ks_scope *scope;

	if (!process || !(process->flags & KS_AGENT) || same_memory(current_task(), target))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope || may_signal(scope, process->scope, target))
		return 0;
	return judge(scope, process, target, 1, way, detail, 0, again);
}

#endif
