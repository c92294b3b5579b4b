/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether an event of perf may be opened: by the memory that it shows or changes (lib/perf_sample.h), and by its
 * target.
 */
#ifndef KERNELSEAL_PERF_VERDICT_H
#define KERNELSEAL_PERF_VERDICT_H

#include "capable.h"
#include "identity.h"
#include "judge.h"
#include "perf_opening.h"
#include "perf_sample.h"
#include "../report.h"

/* Whether its next exec may make it a guarded one. All others pass, however full our tables are. */
static __always_inline int may_be_guarded(struct task_struct *target)
{
	return process_of(target) || scope_of_cgroup(target) || scope_of(target);
}

/* Whether `current` is in a scope, and not merely of a machine that is one. */
static __always_inline int is_in_scope(__u32 inum)
{
	return inum && (inum != INIT_PID_NS || !in_machine_pid_ns());
}

/*
 * A probe of a whole CPU that samples nothing: what libbpf opens before it attaches a program to it, and `perf stat -e
 * sched:…`. Who opens it outside of all scopes may load such programs anyway, and is a stranger to us: it passes. A
 * machine's scope is told of it.
 */
static __always_inline int report_probe(struct ks_scope *scope, __u32 inum, int again)
{
	if (!inum || again || scope->mode == KS_DISABLED || is_told(inum, KS_WAY_PERF, NULL))
		return 0;
	return report_host(inum, KS_WAY_PERF, BY_PROBE);
}

/*
 * Such an event has no target: it would sample sealed processes too. The policy is that of the whole node, scopes[0],
 * the strictest of its scopes.
 */
static __always_inline int judge_whole_cpu(__u64 samples, int again)
{
	__u32 node = 0, inum = current_scope();
	struct ks_scope *scope = bpf_map_lookup_elem(&scopes, &node);

	if (!scope)
		return 0;
	if (samples == BY_PROBE && !is_in_scope(inum))
		return report_probe(scope, inum, again);
	return judge_in(inum, scope, NULL, NULL, 1, KS_WAY_PERF, samples, 0, again);
}

/*
 * A perfmon-capable caller passes perf_event_open() without a ptrace check, and the sample of a shallow stack
 * contains the environment.
 */
static __always_inline int judge_event(struct perf_event *event, __u64 samples, int again)
{
	struct task_struct *target = BPF_CORE_READ(event, hw.target);
	int inherited = !!BPF_CORE_READ(event, parent); /* by fork */
	struct ks_process *process;
	struct ks_scope *scope;

	if (!target)
		return judge_whole_cpu(samples, again);
	if (!inherited && is_perfmon_capable() && !begin_perf_opening(target) && may_be_guarded(target))
		return -EPERM;
	process = process_of(target);
	if (!process)
		return inherited ? 0 : judge_starting(target, samples, 0, again);
	if (!is_guarded(process) || same_memory(current_task(), target) || is_agent_of(process->scope))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope)
		return 0;
	return judge(scope, process, target, is_closed(process, scope, KS_BLOCK_PTRACE | KS_BLOCK_MEM), KS_WAY_PERF,
		     samples, 0, again);
}

#endif
