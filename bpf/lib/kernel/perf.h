/* SPDX-License-Identifier: GPL-2.0 */
/* Perf events. */
#ifndef KERNELSEAL_LIB_KERNEL_PERF_H
#define KERNELSEAL_LIB_KERNEL_PERF_H

#include "task.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct perf_event_attr {
	__u32 type;
	__u64 config;
	__u64 sample_period;
	__u64 sample_type;
	__u64 exclude_user : 1;
	__u64 sigtrap : 1; /* from 5.13 on */
};

struct hw_perf_event {
	struct task_struct *target;
};

struct list_head {
	struct list_head *next;
};

struct pmu {
	const char *name;
};

struct perf_event {
	struct list_head event_entry;
	struct pmu *pmu;
	struct perf_event *parent;
	struct perf_event_attr attr;
	struct hw_perf_event hw;
};

struct perf_event_context {
	struct list_head event_list;
};

/* Before 6.2 a task has two contexts, for hardware and for software events; since then one. */
struct task_struct___two_contexts {
	struct perf_event_context *perf_event_ctxp[2];
};

struct task_struct___one_context {
	struct perf_event_context *perf_event_ctxp;
};

#pragma clang attribute pop

#endif
