/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a perf event tells something of the user memory of its target, or changes it: asked when it is opened
 * (perf_guard), and at an exec of those opened before (secret_deliver).
 *
 * The list names harmless events: counting, and samples that say which task, when, on which CPU and how often. An
 * instruction address only where user mode is excluded. All else tells bytes or addresses of the user: a call chain has
 * a word of the stack in each entry, the raw part of a tracepoint the program's output, branch records and AUX its
 * whole course.
 *
 * A probe is harmless in no form. A tracepoint that only counts has a filter, which reads the strings that the program
 * hands to the kernel (`.ustring`, kernel/trace/trace_events_filter.c): one bit each time. A breakpoint counts how
 * often one word is read. A uprobe writes: an instruction into the code, and one more into any word of the program's
 * data (ref_ctr_offset, kernel/events/uprobes.c).
 */
#ifndef KERNELSEAL_PERF_SAMPLE_H
#define KERNELSEAL_PERF_SAMPLE_H

#include "kernel.h"

/* include/uapi/linux/perf_event.h */
#define PERF_TYPE_SOFTWARE 1
#define PERF_TYPE_TRACEPOINT 2
#define PERF_TYPE_BREAKPOINT 5
#define PERF_TYPES_BUILT_IN 6 /* PERF_TYPE_MAX: above it are the numbers in /sys/bus/event_source/devices */
#define PERF_COUNT_SW_BPF_OUTPUT 10
#define PERF_SAMPLE_IP (1U << 0)
#define PERF_SAMPLE_RAW (1U << 10)
/* TID, TIME, READ, ID, CPU, PERIOD, STREAM_ID, IDENTIFIER, CGROUP */
#define PERF_SAMPLES_HARMLESS                                                                                          \
	(1U << 1 | 1U << 2 | 1U << 4 | 1U << 6 | 1U << 7 | 1U << 8 | 1U << 9 | 1U << 16 | 1U << 21)

/* A bit that no sample type has: the event is one of a probe. */
#define BY_PROBE (1U << 31)

#define PMU_WORDS 8

/*
 * Numbers of the other sources that can do no more than count and sample as above, one bit each; set by the agent that
 * loads (agent/node/pmus.ts). Intel PT and its like write the course of a program past all sample types.
 */
const volatile __u32 harmless_pmus[PMU_WORDS] __weak = {};

/* The same for probes without a number of their own: kprobe, uprobe. */
const volatile __u32 probe_pmus[PMU_WORDS] __weak = {};

/*
 * From 6.3 on an event of one of the software source's two clocks, which `perf stat` opens unasked, has the number of a
 * source of its own (perf_swevent_init, kernel/events/core.c). Sysfs does not show these: the kernel's name tells.
 */
static __always_inline int is_clock(struct perf_event *event)
{
	char clocks[2][16] __attribute__((aligned(8))) = {"cpu_clock", "task_clock"};
	__u64 name[2] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(event, pmu, name));
	for (int i = 0; i < 2; i++)
		if (name[0] == *(__u64 *)&clocks[i][0] && name[1] == *(__u64 *)&clocks[i][8])
			return 1;
	return 0;
}

static __always_inline int has_number(const volatile __u32 *pmus, __u32 type)
{
	return type < PMU_WORDS * 32 && (pmus[type / 32 & (PMU_WORDS - 1)] >> (type % 32) & 1);
}

static __always_inline int is_probe(__u32 type)
{
	return type == PERF_TYPE_TRACEPOINT || type == PERF_TYPE_BREAKPOINT || has_number(probe_pmus, type);
}

static __always_inline int is_harmless_source(struct perf_event *event, __u32 type)
{
	return type < PERF_TYPES_BUILT_IN || has_number(harmless_pmus, type) || is_clock(event);
}

/* The sample types of an event that tell of user memory, whatever its source. */
static __always_inline __u64 samples_asked(struct perf_event *event, __u32 type)
{
	__u64 samples = BPF_CORE_READ(event, attr.sample_type);

	if (type == PERF_TYPE_SOFTWARE && BPF_CORE_READ(event, attr.config) == PERF_COUNT_SW_BPF_OUTPUT)
		return samples &
		       ~(PERF_SAMPLES_HARMLESS | PERF_SAMPLE_RAW); /* output of BPF programs, and nothing else */
	if (!BPF_CORE_READ(event, attr.sample_period))		   /* it counts (is_sampling_event) */
		return 0;
	if (BPF_CORE_READ_BITFIELD_PROBED(event, attr.exclude_user))
		samples &= ~PERF_SAMPLE_IP;
	return samples & ~PERF_SAMPLES_HARMLESS;
}

/* The kernel sends its target SIGTRAP (perf_sigtrap, kernel/events/core.c), and no task_kill is asked. */
static __always_inline int is_trap(struct perf_event *event)
{
	return bpf_core_field_exists(event->attr.sigtrap) && BPF_CORE_READ_BITFIELD_PROBED(event, attr.sigtrap);
}

/* 0: harmless. For a source that is not known to be harmless, and an event that ends its target, all bits. */
static __always_inline __u64 samples_of_user(struct perf_event *event)
{
	__u32 type = BPF_CORE_READ(event, attr.type);

	if (is_trap(event))
		return ~0ULL;
	if (is_probe(type))
		return samples_asked(event, type) | BY_PROBE;
	return is_harmless_source(event, type) ? samples_asked(event, type) : ~0ULL;
}

#endif
