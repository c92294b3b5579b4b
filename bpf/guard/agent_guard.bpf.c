// SPDX-License-Identifier: GPL-2.0
/*
 * Protects the agent and its maps, and lets it identify itself.
 *
 *   task_kill  check_kill_permission(): no process inside the scope may signal the agent, and only the agent may
 *              continue a process that waits for its values; nor may a stranger open a sealed runtime's debugging door
 *   file_send_sigiotask  the same by way of a file's owner
 *   bpf_map    bpf_map_new_fd() by id, pin or name: only an agent gets a descriptor of the secret values, and no other
 *              process in a scope one of our other maps, which hold its policy
 *   bpf_prog   bpf_prog_new_fd(): no process in a scope but its agent gets a descriptor of our programs
 *   bpf        bpf(2): in a Pod's scope only its agent calls it at all
 *
 * Its memory and files are guarded with those of sealed processes, in proc_guard.bpf.c.
 */
#include "agent_reach.h"
#include "debug_door.h"
#include "emit.h"
#include "home.h"
#include "hook.h"
#include "identity.h"

enum { MAP_SECRET = 1, MAP_OURS = 2 };

enum { SCOPE_WORDS = sizeof(struct ks_scope) / sizeof(__u64) };

/* Ids of our maps, written by the agent that loads them: those whose content is secret, and all others. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} guarded_maps __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u32);
} guarded_programs __weak SEC(".maps");

static __always_inline int is_enrolled(__u32 scope)
{
	struct ks_agent *agent = bpf_map_lookup_elem(&agents, &scope);

	return agent && has_agent(scope) && agent->task == (__u64)BPF_CORE_READ(current_task(), group_leader);
}

/*
 * Once a scope is registered, a process inside of it becomes its agent only as the agent's container started again.
 * Root of the machine is outside, and a host's scope has no inside that is not the machine's.
 */
static __always_inline int take_home(__u32 inum)
{
	struct task_struct *task = current_task();
	struct ks_scope *scope = bpf_map_lookup_elem(&scopes, &inum);
	struct home home = {};

	home.outside = BPF_CORE_READ(pid_namespace_of(task, NULL), ns.inum) != inum && current_scope() != inum;
	if (scope && !home.outside && !(scope->switches & KS_HOST))
		return may_succeed(inum) ? 0 : -EACCES;
	if (scope && bpf_map_lookup_elem(&homes, &inum))
		return 0;
	describe_home(&home, program_of(task), task);
	return bpf_map_update_elem(&homes, &inum, &home, BPF_ANY) ? -ENOMEM : 0;
}

/*
 * Run by the agent on itself (BPF_PROG_TEST_RUN, in the caller's context): only the holder of this program's
 * descriptor can, and no number or name is involved. ctx[0]: the scope it serves. Returns 0, also for the agent the
 * scope has, or a negative errno: EBUSY while the scope has another living agent, EACCES for a process inside a
 * registered scope and is not its agent's container.
 */
SEC("raw_tp")
int agent_enroll(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *leader = BPF_CORE_READ(current_task(), group_leader);
	struct ks_process record = {.flags = KS_AGENT}, *known = process_of(leader);
	struct ks_agent agent = {.task = (__u64)leader};
	__u32 scope = ctx->args[0];
	int refused;

	if (is_enrolled(scope))
		return 0;
	if (has_agent(scope))
		return -EBUSY;
	refused = take_home(scope);
	if (refused)
		return refused;
	if (known && known->scope == scope) {
		record.flags |= known->flags & KS_ENTRY;
		record.container = known->container;
	}
	record.scope = scope;
	record.start = BPF_CORE_READ(leader, start_boottime);
	agent.start = record.start;
	end_life(scope, mount_ns_of(leader), record.start); /* an agent's container brings no placeholders */
	if (bpf_map_update_elem(&processes, &agent.task, &record, BPF_ANY))
		return -ENOMEM;
	return bpf_map_update_elem(&agents, &scope, &agent, BPF_ANY);
}

/*
 * Run by the agent on itself: its next child is the canary, or it is blind, or neither (ctx[0]: KS_CANARY,
 * KS_BLIND, 0).
 */
SEC("raw_tp")
int agent_stance(struct bpf_raw_tracepoint_args *ctx)
{
	struct ks_process *process = process_of(current_task());

	if (!process || !(process->flags & KS_AGENT) || !is_enrolled(process->scope))
		return -EPERM;
	process->flags &= ~(KS_CANARY | KS_BLIND);
	process->flags |= ctx->args[0] & (KS_CANARY | KS_BLIND);
	return 0;
}

/*
 * Run by the agent on itself: gives a scope that is registered another policy, in place. ctx[0]: its own scope, or 0
 * for the whole node's entry; then the words of struct ks_scope. ENOENT: it is not registered.
 */
SEC("raw_tp")
int agent_settle(struct bpf_raw_tracepoint_args *ctx)
{
	struct ks_process *process = process_of(current_task());
	__u32 inum = ctx->args[0];
	volatile __u64 *words;

	/* An agent outside of its scope outlives it, and then settles the node's entry. */
	if (!process || !(is_enrolled(process->scope) || is_agent(process)) || (inum && inum != process->scope))
		return -EPERM;
	words = bpf_map_lookup_elem(&scopes, &inum);
	if (!words)
		return -ENOENT;
#pragma unroll
	for (int i = 0; i < SCOPE_WORDS; i++)
		words[i] = ctx->args[1 + i];
	return 0;
}

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

/* Without an agent its successor must be able to become it; of a whole machine that is its root. */
static __always_inline int may_open_ours(__u32 inum)
{
	return !has_agent(inum) && (inum == INIT_PID_NS || may_succeed(inum));
}

/* `kernelseal status` of root is outside of Pods. */
static __always_inline int policy_map_verdict(__u32 id, int again)
{
	__u32 inum = current_scope();
	struct ks_scope *scope;

	if (!inum || inum == INIT_PID_NS || may_open_ours(inum))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &inum);
	return scope ? judge_in(inum, scope, NULL, NULL, 1, KS_WAY_BPF_MAP, id, 0, again) : 0;
}

ENFORCE(guard_map, bpf_map, security_bpf_map, (map, mode), struct bpf_map *map, unsigned int mode)
{
	__u32 id = BPF_CORE_READ(map, id), node = 0, *kind = bpf_map_lookup_elem(&guarded_maps, &id);
	struct ks_scope *scope;

	if (!kind || is_agent(process_of(current_task())))
		return 0;
	if (*kind == MAP_OURS)
		return policy_map_verdict(id, again);
	scope = bpf_map_lookup_elem(&scopes, &node);
	return scope ? judge_in(current_scope(), scope, NULL, NULL, 1, KS_WAY_BPF_MAP, id, 0, again) : 0;
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
 * with it. In a Pod whose agent is gone, its container started again is the agent's successor.
 */
ENFORCE_UNCOUNTED(guard_bpf, bpf, security_bpf, (command), int command)
{
	struct ks_process *process = process_of(current_task());
	struct ks_scope *scope;

	if (!process || (process->flags & KS_AGENT))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope || (scope->switches & KS_HOST))
		return 0;
	if (may_open_ours(process->scope))
		return 0;
	return judge(scope, process, NULL, 1, KS_WAY_BPF, command, 0, again);
}

char LICENSE[] SEC("license") __weak = "GPL";
