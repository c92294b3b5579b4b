// SPDX-License-Identifier: GPL-2.0
/*
 * Protects the agent and its maps.
 *
 *   task_kill  check_kill_permission(): no process inside the scope may signal the agent, and only the agent may
 *              continue a process that waits for its values; nor may a stranger open a sealed runtime's debugging door
 *   file_send_sigiotask  the same by way of a file's owner
 *   bpf_map    bpf_map_new_fd() by id, pin or name: only an agent gets a descriptor of the secret values, or one to
 * write to our other maps, which hold its policy; no other process in a scope gets one of those at all bpf_prog
 * bpf_prog_new_fd(): no process in a scope but its agent gets a descriptor of our programs bpf        bpf(2): in a
 * scope only its agent calls it at all, and the processes of the machine itself
 *
 * It identifies itself in track/agent_enroll.bpf.c. Its memory and files are guarded with those of sealed processes, in
 * proc_guard.bpf.c and ptrace_guard.bpf.c.
 */
#include "agent_reach.h"
#include "debug_door.h"
#include "hook.h"
#include "judge.h"
#include "own_objects.h"

/*
 * The agent's SIGCONT ends the wait. Another process's would start it without its values, so it is refused in
 * every mode. (SIGKILL passes: it starts nothing.)
 */
static __always_inline int continue_waiting(struct ks_process *process, struct task_struct *target, int again)
{
	struct ks_scope *scope = bpf_map_lookup_elem(&scopes, &process->scope);

	if (is_agent_of(process->scope)) {
		process->flags &= ~KS_WAITING;
		return 0;
	}
	if (scope)
		judge(scope, process, target, 1, KS_WAY_SIGNAL, SIGCONT, 0, again);
	return -EPERM;
}

/* The first of a PID namespace: a Pod's pause process never execs, and takes signals from its own as any init does. */
static __always_inline int is_init(struct task_struct *task)
{
	__u32 number;

	pid_namespace_of(BPF_CORE_READ(task, group_leader), &number);
	return number == 1;
}

ENFORCE(guard_signal, task_kill, security_task_kill, (target, info, signal, cred), struct task_struct *target,
	struct kernel_siginfo *info, int signal, const struct cred *cred)
{
	struct ks_process *process;
	struct ks_scope *scope;

	if (!signal || (unsigned long)info == 1) /* a probe, or SEND_SIG_PRIV: from the kernel itself */
		return 0;
	process = process_of(target);
	if (!process)
		return is_init(target) ? 0 : judge_starting(target, signal, 0, again);
	if (signal == SIGCONT && (process->flags & KS_WAITING))
		return continue_waiting(process, target, again);
	if (opens_door(signal) && (process->flags & KS_SEALED))
		return judge_door(process, target, KS_WAY_DEBUG_SIGNAL, signal, again);
	if (!(process->flags & KS_AGENT) || same_memory(current_task(), target))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope || may_signal(scope, process->scope, target))
		return 0;
	return judge(scope, process, target, 1, KS_WAY_SIGNAL, signal, 0, again);
}

/* A signal that a file's owner is sent (F_SETOWN, F_SETSIG), which no task_kill sees. Its cause is unknown. */
ENFORCE(guard_file_signal, file_send_sigiotask, security_file_send_sigiotask, (target, owner, signal),
	struct task_struct *target, struct fown_struct *owner, int signal)
{
	struct ks_process *process = process_of(target);
	struct ks_scope *scope;

	if (!process)
		return 0;
	if (signal == SIGCONT && (process->flags & KS_WAITING))
		return -EPERM;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope)
		return 0;
	if (opens_door(signal) && (process->flags & KS_SEALED))
		return judge(scope, process, target, !!(scope->switches & KS_BLOCK_DEBUG), KS_WAY_DEBUG_SIGNAL, signal,
			     0, again);
	return process->flags & KS_AGENT ? judge(scope, process, target, 1, KS_WAY_SIGNAL, signal, 0, again) : 0;
}

/* The maps of values are the whole node's: they open for the agent that a scope has, and not for a child of it. */
static __always_inline int may_open_map(__u32 kind)
{
	struct ks_process *self = process_of(current_task());

	return is_agent(self) && (kind == KS_MAP_OURS || is_enrolled(self->scope));
}

ENFORCE(guard_map, bpf_map, security_bpf_map, (map, mode), struct bpf_map *map, unsigned int mode)
{
	__u32 id = BPF_CORE_READ(map, id), *kind = bpf_map_lookup_elem(&guarded_maps, &id);

	if (!kind || may_open_map(*kind))
		return 0;
	if (*kind == KS_MAP_OURS)
		return policy_map_verdict(id, mode & FMODE_WRITE, again);
	return map_verdict(0, id, again);
}

ENFORCE(guard_program, bpf_prog, security_bpf_prog, (prog), struct bpf_prog *prog)
{
	__u32 id = BPF_CORE_READ(prog, aux, id), inum;
	struct ks_scope *scope;

	if (!bpf_map_lookup_elem(&guarded_programs, &id) || is_agent(process_of(current_task())))
		return 0;
	inum = current_scope();
	if (!inum || may_open_ours(inum))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &inum);
	return scope ? judge_in(inum, scope, NULL, NULL, 1, KS_WAY_BPF_PROGRAM, id, 0, again) : 0;
}

/*
 * A tracing program reads any memory. On a plain host other programs call bpf(2) too: service managers filter
 * with it; a container there does not. In a Pod whose agent is gone, its container started again is the agent's
 * successor. A process without a record, which was there before the scope, is one of the scope all the same.
 */
ENFORCE_UNCOUNTED(guard_bpf, bpf, security_bpf, (command), int command)
{
	struct ks_process *process = process_of(current_task());
	struct ks_scope *scope;
	__u32 inum;

	if (process && (process->flags & KS_AGENT))
		return 0;
	inum = current_scope();
	scope = inum ? bpf_map_lookup_elem(&scopes, &inum) : NULL;
	if (!scope || ((scope->switches & KS_HOST) && in_machine_pid_ns()))
		return 0;
	if (may_open_ours(inum))
		return 0;
	return judge_in(inum, scope, NULL, NULL, 1, KS_WAY_BPF_CALL, command, 0, again);
}

char LICENSE[] SEC("license") __weak = "GPL";
