/* SPDX-License-Identifier: GPL-2.0 */
/* The verdict on an attempt, and its report: each once a second at most, however often it is made. */
#ifndef KERNELSEAL_JUDGE_H
#define KERNELSEAL_JUDGE_H

#include "emit.h"

/* Processes by number and start, which no later one has again; 0 without a target. */
struct told_key {
	__u64 actor_start;
	__u64 target_start;
	__u32 actor;
	__u32 target;
	__u32 scope;
	__u32 way;
};

#define TOLD_AGAIN_NS 1000000000ULL

/* Attempts that were reported -> when last. Full: the one not used for longest makes room, and is reported once more.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct told_key);
	__type(value, __u64);
} told __weak SEC(".maps");

/* A loop of one process in one way is an event a second; the counters have them all. */
static __always_inline int is_told(__u32 scope, __u32 way, struct task_struct *target)
{
	struct told_key key = {.scope = scope, .way = way};
	struct task_struct *actor = current_task();
	__u64 now = bpf_ktime_get_ns(), *last;

	key.actor = BPF_CORE_READ(actor, tgid);
	key.actor_start = BPF_CORE_READ(actor, group_leader, start_boottime);
	if (target) {
		key.target = BPF_CORE_READ(target, tgid);
		key.target_start = BPF_CORE_READ(target, group_leader, start_boottime);
	}
	last = bpf_map_lookup_elem(&told, &key);
	if (last && now - *last < TOLD_AGAIN_NS) {
		count(scope, KS_N_UNREPORTED);
		return 1;
	}
	bpf_map_update_elem(&told, &key, &now, BPF_ANY);
	return 0;
}

/*
 * The verdict on one attempt, reported to scope `inum`: 0 or -EPERM. The verdict is fixed before the event is tried.
 * The mode is one of the workload: who reaches into the agent has its capabilities and every value, so that is refused
 * in each mode.
 * `enforced`: the switch of this way is on. `process`, `target`: NULL for an attempt that concerns the whole
 * node. `again`: a permitted attempt has been reported (hook.h).
 */
static __always_inline int judge_in(__u32 inum, struct ks_scope *scope, struct ks_process *process,
				    struct task_struct *target, int enforced, __u32 way, __u32 detail, int silent,
				    int again)
{
	int refuse = enforced && (scope->mode == KS_ENFORCE || (process && process->flags & KS_AGENT));
	int report = refuse || (enforced && scope->mode == KS_AUDIT) || (scope->switches & KS_AUDIT_ALL);
	struct ks_access *access;

	if (!report || (again && !refuse))
		return 0;
	if (is_blind(process_of(current_task())))
		return refuse ? -EPERM : 0;
	count(inum, refuse ? KS_N_BLOCKED : KS_N_AUDITED);
	if (silent || is_told(inum, way, target))
		return refuse ? -EPERM : 0;
	access = access_start(inum, target);
	if (access) {
		access->action = refuse ? KS_BLOCKED : enforced ? KS_AUDITED : KS_ALLOWED;
		access->way = way;
		access->detail = detail;
		if (process) {
			access->bindings = process->bindings;
			access->target.flags = flags_of(process);
		}
		event_submit(access);
	}
	return refuse ? -EPERM : 0;
}

static __always_inline int judge(struct ks_scope *scope, struct ks_process *process, struct task_struct *target,
				 int enforced, __u32 way, __u32 detail, int silent, int again)
{
	return judge_in(process->scope, scope, process, target, enforced, way, detail, silent, again);
}

/* Whether a way is closed by the policy's switches, which are ones of the workload: to the agent it always is. */
static __always_inline int is_closed(struct ks_process *process, struct ks_scope *scope, __u32 switches)
{
	return (process->flags & KS_AGENT) || (scope->switches & switches);
}

#endif
