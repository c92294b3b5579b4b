/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a perf event that was opened before an exec samples the new program: it does as it did the old one, and no
 * hook sees it again.
 */
#ifndef KERNELSEAL_SAMPLING_H
#define KERNELSEAL_SAMPLING_H

#include "perf_sample.h"

/* Events looked at; a task with more counts as sampled. */
#define MAX_PERF_EVENTS 16

/*
 * Plain counters (perf stat on an ancestor) are no danger. A global function, which takes numbers only: verified once,
 * not in each state of the program around it.
 */
__attribute__((noinline)) int samples_user(__u64 address)
{
	struct perf_event_context *context = (void *)address;
	struct list_head *head, *at;
	struct perf_event *event;

	if (!context)
		return 0;
	head = (void *)context + bpf_core_field_offset(struct perf_event_context, event_list);
	at = BPF_CORE_READ(context, event_list.next);
	for (int i = 0; i < MAX_PERF_EVENTS; i++) {
		if (!at || at == head)
			return 0;
		event = (void *)at - bpf_core_field_offset(struct perf_event, event_entry);
		if (samples_of_user(event))
			return 1;
		at = BPF_CORE_READ(at, next);
	}
	return 1;
}

static __always_inline int is_sampled(struct task_struct *task)
{
	struct task_struct___two_contexts *two = (void *)task;
	struct task_struct___one_context *one = (void *)task;
	struct perf_event_context *context;

	if (bpf_core_field_exists(one->perf_event_ctxp))
		return samples_user((__u64)BPF_CORE_READ(one, perf_event_ctxp));
	for (int i = 0; i < 2; i++) {
		bpf_core_read(&context, sizeof(context), &two->perf_event_ctxp[i]);
		if (samples_user((__u64)context))
			return 1;
	}
	return 0;
}

#endif
