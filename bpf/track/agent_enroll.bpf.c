// SPDX-License-Identifier: GPL-2.0
/*
 * Lets the agent identify itself, and then choose its mode and change its policy.
 *
 *   agent_enroll, agent_stance, agent_settle  no hooks: the agent runs them on itself (BPF_PROG_TEST_RUN)
 *
 * guard/agent/agent_guard.bpf.c protects it.
 */
#include "emit.h"
#include "identity.h"
#include "share.h"
#include "successor.h"

enum { SCOPE_WORDS = sizeof(struct ks_scope) / sizeof(__u64) };

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
	describe_home(&home, task);
	return bpf_map_update_elem(&homes, &inum, &home, BPF_ANY) ? -ENOMEM : 0;
}

/*
 * Run by the agent on itself (BPF_PROG_TEST_RUN, in the caller's context): only the holder of this program's
 * descriptor can, and no number or name is involved. ctx[0]: a scope it serves; run again for each further one. By the
 * rules of the first it is guarded, and while that is registered it stays the first. Returns 0, also for the agent the
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
	agent.start = BPF_CORE_READ(leader, start_boottime);
	if (known && (known->flags & KS_AGENT) && is_enrolled(known->scope)) /* one more: its record stays as it is */
		return bpf_map_update_elem(&agents, &scope, &agent, BPF_ANY);
	if (known && known->scope == scope) {
		record.flags |= known->flags & KS_ENTRY;
		record.container = known->container;
	}
	record.scope = scope;
	record.start = agent.start;
	end_life(scope, mount_ns_of(leader), record.start); /* an agent's container brings no placeholders */
	if (keep_record(agent.task, &record))
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
 * Run by the agent on itself: gives a scope that is registered another policy, in place. ctx[0]: one it serves, or 0
 * for the whole node's entry; then the words of struct ks_scope. ENOENT: it is not registered.
 */
SEC("raw_tp")
int agent_settle(struct bpf_raw_tracepoint_args *ctx)
{
	struct ks_process *process = process_of(current_task());
	__u32 inum = ctx->args[0];
	volatile __u64 *words;

	/* An agent outside of its scope outlives it, and then settles the node's entry. */
	if (!process || !(is_enrolled(process->scope) || is_agent(process)))
		return -EPERM;
	if (inum && inum != process->scope && !is_enrolled(inum))
		return -EPERM;
	words = bpf_map_lookup_elem(&scopes, &inum);
	if (!words)
		return -ENOENT;
#pragma unroll
	for (int i = 0; i < SCOPE_WORDS; i++)
		words[i] = ctx->args[1 + i];
	return 0;
}

char LICENSE[] SEC("license") __weak = "GPL";
