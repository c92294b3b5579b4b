// SPDX-License-Identifier: GPL-2.0
/*
 * Refuses perf events that tell of a guarded process's memory (row 3): all but those of lib/perf_sample.h.
 *
 *   perf_event_alloc            perf_event_open(). Events opened before the exec, or being opened during it
 *                               (perf_opening.h), are noticed at the exec point.
 *   sys_perf_event_open, fexit  the opening is over
 */
#include "emit.h"
#include "hook.h"
#include "perf_opening.h"
#include "perf_sample.h"

/* Policy of events that concern the whole node: scopes[0], the strictest of its scopes. */
static __always_inline int guard_whole_cpu(__u32 samples, int again)
{
	__u32 node = 0;
	struct ks_scope *scope = bpf_map_lookup_elem(&scopes, &node);

	return scope ? judge_in(current_scope(), scope, NULL, NULL, 1, KS_WAY_PERF, samples, 0, again) : 0;
}

/* Whether its next exec may make it a guarded one. All others pass, however full our tables are. */
static __always_inline int may_be_guarded(struct task_struct *target)
{
	return process_of(target) || scope_of_cgroup(target) || scope_of(target);
}

/*
 * A perfmon-capable caller passes perf_event_open() without a ptrace check, and the sample of a shallow stack
 * contains the environment. Events of a whole CPU have no target: they would sample sealed processes too, so they are
 * judged alike while any scope enforces.
 */
ENFORCE(guard_perf, perf_event_alloc, security_perf_event_alloc, (event), struct perf_event *event)
{
	__u64 samples = samples_of_user(event);
	struct task_struct *target = BPF_CORE_READ(event, hw.target);
	struct ks_process *process;
	struct ks_scope *scope;

	if (!samples)
		return 0;
	if (!target)
		return guard_whole_cpu(samples, again);
	if (!BPF_CORE_READ(event, parent) && !begin_perf_opening(target) && may_be_guarded(target))
		return -EPERM; /* with a parent it is inherited by fork */
	process = process_of(target);
	if (!process || !is_guarded(process) || same_memory(current_task(), target) || is_agent_of(process->scope))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope)
		return 0;
	return judge(scope, process, target, is_closed(process, scope, KS_BLOCK_PTRACE | KS_BLOCK_MEM), KS_WAY_PERF,
		     samples, 0, again);
}

/* Twice, for the reason that hook.h gives. The names are those of the architectures; the agent attaches the
 * existing ones.
 */
#define AT_PERF_OPENED(name, function)                                                                                 \
	SEC("fexit/" #function) int BPF_PROG(name)                                                                     \
	{                                                                                                              \
		end_perf_opening();                                                                                    \
		return 0;                                                                                              \
	}

AT_PERF_OPENED(perf_opened_x64, __x64_sys_perf_event_open)
AT_PERF_OPENED(perf_opened_x64_2, __x64_sys_perf_event_open)
AT_PERF_OPENED(perf_opened_ia32, __ia32_sys_perf_event_open)
AT_PERF_OPENED(perf_opened_ia32_2, __ia32_sys_perf_event_open)
AT_PERF_OPENED(perf_opened_arm64, __arm64_sys_perf_event_open)
AT_PERF_OPENED(perf_opened_arm64_2, __arm64_sys_perf_event_open)

char LICENSE[] SEC("license") __weak = "GPL";
