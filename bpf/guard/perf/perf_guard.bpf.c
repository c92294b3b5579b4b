// SPDX-License-Identifier: GPL-2.0
/*
 * Refuses perf events that tell of a guarded process's memory or change it (row 3): all but those of lib/perf_sample.h.
 *
 *   perf_event_alloc            perf_event_open(). Events opened before the exec, or being opened during it
 *                               (perf_opening.h), are noticed at the exec point.
 *   perf_uprobe_event_init, fentry  the same before it: at perf_event_alloc a uprobe is in its target already, for as
 *                               long as it takes to refuse it. The refusal itself is that of the capability that the
 *                               kernel asks for next (capability_guard.bpf.c).
 *   sys_perf_event_open, fexit  the opening is over
 */
#include "hook.h"
#include "perf_verdict.h"

ENFORCE(guard_perf, perf_event_alloc, security_perf_event_alloc, (event), struct perf_event *event)
{
	__u64 samples = samples_of_user(event);

	return samples ? judge_event(event, samples, again) : 0;
}

/*
 * A permitted one is reported at perf_event_alloc. Those that a fork inherits were judged as they were opened.
 */
static __always_inline int before_probe(struct perf_event *event)
{
	__u64 samples = samples_of_user(event);

	if (samples && !BPF_CORE_READ(event, parent) && !is_refused_probe() && judge_event(event, samples, 1))
		refuse_probe();
	return 0;
}

/* Twice, for the reason that hook.h gives. */
#define AT_PROBE(name)                                                                                                 \
	SEC("fentry/perf_uprobe_event_init") int BPF_PROG(name, struct perf_event *event)                              \
	{                                                                                                              \
		return before_probe(event);                                                                            \
	}

AT_PROBE(perf_probed)
AT_PROBE(perf_probed_2)

/* Twice as well. The names are those of the architectures; the agent attaches the existing ones. */
#define AT_PERF_OPENED(name, function)                                                                                 \
	SEC("fexit/" #function) int BPF_PROG(name)                                                                     \
	{                                                                                                              \
		end_perf_opening();                                                                                    \
		end_probe();                                                                                           \
		return 0;                                                                                              \
	}

AT_PERF_OPENED(perf_opened_x64, __x64_sys_perf_event_open)
AT_PERF_OPENED(perf_opened_x64_2, __x64_sys_perf_event_open)
AT_PERF_OPENED(perf_opened_ia32, __ia32_sys_perf_event_open)
AT_PERF_OPENED(perf_opened_ia32_2, __ia32_sys_perf_event_open)
AT_PERF_OPENED(perf_opened_arm64, __arm64_sys_perf_event_open)
AT_PERF_OPENED(perf_opened_arm64_2, __arm64_sys_perf_event_open)

char LICENSE[] SEC("license") __weak = "GPL";
