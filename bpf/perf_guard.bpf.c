// SPDX-License-Identifier: GPL-2.0
/*
 * Refuses samples of a sealed process's stack and registers (row 3).
 *
 *   perf_event_alloc  perf_event_open(). What was opened before the exec is the exec point's to notice.
 */
#include "emit.h"
#include "hook.h"

/* Policy of what concerns the whole node: scopes[0], the strictest of its scopes. */
static __always_inline int guard_whole_cpu(__u32 samples, int again)
{
	__u32 node = 0;
	struct ks_scope *scope = bpf_map_lookup_elem(&scopes, &node);

	return scope ? judge_in(current_scope(), scope, NULL, NULL, 1, KS_WAY_PERF, samples, 0, again) : 0;
}

/*
 * A perfmon-capable caller passes perf_event_open() without a ptrace check, and the sample of a shallow stack
 * contains the environment. Events of a whole CPU have no target: they would sample sealed processes too, so
 * their user-stack samples are refused while any scope enforces.
 */
ENFORCE(guard_perf, perf_event_alloc, security_perf_event_alloc, (event), struct perf_event *event)
{
	__u64 samples = BPF_CORE_READ(event, attr.sample_type);
	struct task_struct *target = BPF_CORE_READ(event, hw.target);
	struct ks_process *process;
	struct ks_scope *scope;

	if (!(samples & PERF_SAMPLES_OF_USER))
		return 0;
	if (!target)
		return samples & PERF_SAMPLE_STACK_USER ? guard_whole_cpu(samples, again) : 0;
	process = process_of(target);
	if (!process || !is_guarded(process) || same_memory(current_task(), target) || is_agent_of(process->scope))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope)
		return 0;
	return judge(scope, process, target, !!(scope->switches & (KS_BLOCK_PTRACE | KS_BLOCK_MEM)), KS_WAY_PERF,
		     samples, 0, again);
}

char LICENSE[] SEC("license") __weak = "GPL";
