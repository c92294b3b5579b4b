/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Refuses a uprobe before it is in its target: the kernel asks for a capability right before it sets one
 * (perf_uprobe_event_init), and by then perf_guard.bpf.c has seen the event. At perf_event_alloc it would be there
 * already, for as long as it takes to refuse it: often enough tried, the target runs into it.
 */
#ifndef KERNELSEAL_PROBE_H
#define KERNELSEAL_PROBE_H

#include "../current_call.h"
#include "judge.h"
#include "perf_verdict.h"

#ifdef __TARGET_ARCH_x86
#define COMPAT_PERF_EVENT_OPEN 336
#else
#define COMPAT_PERF_EVENT_OPEN 364
#endif

/* Set by the agent that loads, on kernels that let no program see the event (5.10). */
const volatile __u32 probes_unseen __weak = 0;

static __always_inline int is_opening_event(long number, int compat)
{
	return number == (compat ? COMPAT_PERF_EVENT_OPEN : __NR_perf_event_open);
}

/* The kind of the event is unknown then: inside a scope no capability helps to look at others' tasks or CPUs. */
static __always_inline int judge_unseen(int again)
{
	__u32 inum = current_scope();
	struct ks_scope *scope = bpf_map_lookup_elem(&scopes, &inum);

	if (!scope || !is_in_scope(inum) || is_agent(process_of(current_task())) || !second_argument_of_current())
		return 0;
	return judge_in(inum, scope, NULL, NULL, 1, KS_WAY_PERF, BY_PROBE, 0, again);
}

/* CAP_PERFMON, or instead of it CAP_SYS_ADMIN, within perf_event_open(). */
static __always_inline int judge_probe(int again)
{
	if (probes_unseen)
		return judge_unseen(again);
	return is_refused_probe() ? -EPERM : 0;
}

#endif
