// SPDX-License-Identifier: GPL-2.0
/*
 * Refuses the calls that reach into another process's memory (row 3 of docs/kernels.md).
 *
 *   ptrace_access_check  ptrace_may_access(): attach, process_vm_readv/writev, pidfd_getfd, kcmp, setns by a pidfd; of
 *                        any process outside of a Pod by one inside, too (outside.h)
 *   ptrace_traceme       PTRACE_TRACEME: no process becomes the tracer of a sealed one
 */
#include "../current_call.h"
#include "judge.h"
#include "hook.h"
#include "identity.h"
#include "opening.h"
#include "outside.h"
#include "proc_access.h"
#include "writing.h"

/* Refusals by the mode alone. READ by file-system credentials is procfs's own question: judge_underway. */
static __always_inline int ptrace_switched_on(__u32 switches, unsigned int mode)
{
	if (mode & PTRACE_MODE_REALCREDS)
		return !!(switches & (KS_BLOCK_PTRACE | KS_BLOCK_MEM));
	if (mode & PTRACE_MODE_ATTACH)
		return !!(switches & KS_BLOCK_MEM);
	return 0;
}

/*
 * Judges by the origin of the check. runc reads /proc/<init>/ns that way, ps and cadvisor more, so procfs is
 * answered by the entry that it is at. It can only add a refusal. A call that is not known to look at files
 * is refused.
 */
static __always_inline int judge_underway(struct ks_process *process, struct ks_scope *scope, struct task_struct *child,
					  unsigned int mode, int again)
{
	__u32 way;

	if (is_walking()) {
		way = scope->mode == KS_ENFORCE ? way_walked() : KS_WAY_NONE; /* reported at file_open */
		if (way == KS_WAY_MAPS && is_at_memory(child))
			way = KS_WAY_MEM;
		return way ? judge_file(process, scope, child, way, again) : 0;
	}
	if ((mode & (PTRACE_MODE_ATTACH | PTRACE_MODE_REALCREDS)) || is_looking_at_files())
		return 0;
	return judge(scope, process, child, !!(scope->switches & (KS_BLOCK_PTRACE | KS_BLOCK_MEM)), KS_WAY_MEMORY_CALL,
		     mode, !!(mode & PTRACE_MODE_NOAUDIT), again);
}

/*
 * The canary has the agent's root and mounts, so no other process may see anything of it. The agent that
 * plays a stranger is judged by the rules for any sealed process: it tries exactly these.
 */
static __always_inline int is_agent_or_blind(__u32 scope)
{
	struct ks_process *self = process_of(current_task());

	return self && (self->flags & KS_AGENT) && self->scope == scope;
}

/*
 * No process gets anything of the agent, in any mode. But a runtime, outside of the scope, starts an exec probe in
 * the agent's container by the namespaces of its init.
 */
static __always_inline int judge_agent(struct ks_process *process, struct ks_scope *scope, struct task_struct *child,
				       unsigned int mode, int again)
{
	if (!(mode & (PTRACE_MODE_ATTACH | PTRACE_MODE_REALCREDS)) && is_walking() && is_at_namespaces() &&
	    current_scope() != process->scope)
		return 0;
	return judge(scope, process, child, 1, KS_WAY_PTRACE, mode, !!(mode & PTRACE_MODE_NOAUDIT), again);
}

ENFORCE(guard_ptrace, ptrace_access_check, security_ptrace_access_check, (child, mode), struct task_struct *child,
	unsigned int mode)
{
	struct ks_process *process = process_of(child);
	struct ks_scope *scope;
	int silent = !!(mode & PTRACE_MODE_NOAUDIT), verdict;

	verdict = asks_in_passing(mode) ? 0 : judge_outside(child, mode, again);
	if (verdict)
		return verdict;
	if (!process)
		return asks_in_passing(mode) ? 0 : judge_starting(child, mode, silent, again);
	if (!is_guarded(process))
		return check_may_write(child, mode) ? judge_writing(process, child, again) : 0;
	if (same_memory(current_task(), child))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope)
		return 0;
	if (process->flags & KS_AGENT)
		return judge_agent(process, scope, child, mode, again);
	if ((process->flags & KS_CANARY) && !is_agent_or_blind(process->scope))
		return judge(scope, process, child, 1, KS_WAY_PTRACE, mode, silent, again);
	if (is_agent_of(process->scope))
		return 0;
	if ((mode & (PTRACE_MODE_ATTACH | PTRACE_MODE_REALCREDS)) && !is_joining_namespaces())
		verdict = judge(scope, process, child, ptrace_switched_on(scope->switches, mode), KS_WAY_PTRACE, mode,
				silent, again);
	return verdict ?: judge_underway(process, scope, child, mode, again);
}

ENFORCE(guard_traceme, ptrace_traceme, security_ptrace_traceme, (parent), struct task_struct *parent)
{
	struct task_struct *task = current_task();
	struct ks_process *process = process_of(task);
	struct ks_scope *scope;

	if (!process || !(process->flags & KS_SEALED))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope)
		return 0;
	return judge(scope, process, task, !!(scope->switches & KS_BLOCK_PTRACE), KS_WAY_TRACEME, 0, 0, again);
}

char LICENSE[] SEC("license") __weak = "GPL";
