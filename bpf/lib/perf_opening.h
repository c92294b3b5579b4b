/* SPDX-License-Identifier: GPL-2.0 */
/*
 * perf_event_open() in flight. Its check comes first (perf_event_alloc), then it waits for an exec of its target to end
 * (exec_update_lock), and only then the event is installed: by that time the target is another program, and no hook is
 * called any more. So the check leaves a note, and the exec point delivers nothing to a task about to be sampled.
 *
 * That is an opener's with CAP_PERFMON. All others are asked about by ptrace_may_access() after the wait
 * (perf_check_permission, kernel/events/core.c), which guard/process/ptrace_guard.bpf.c answers for the program that is
 * then there. They leave no note: nobody without privileges keeps a program from starting by opening events that the
 * kernel will refuse.
 *
 * An opener writes, then looks whether the target is guarded; an exec becomes guarded, then looks here.
 */
#ifndef KERNELSEAL_PERF_OPENING_H
#define KERNELSEAL_PERF_OPENING_H

#include "scope.h"

/* perf_openings: opener's task_struct -> target's. Full: an open of a possibly guarded target is refused. Gone when the
 * system call returns. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u64);
} perf_openings __weak SEC(".maps");

/*
 * perf_targets: task_struct -> how many are opening it. Full: an open of a possibly guarded target is
 * refused. Gone with the task.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u64);
} perf_targets __weak SEC(".maps");

/*
 * Openers of probes that are refused, before the kernel has put the probe in place; 1. Full, which takes as many
 * threads that are all within a few instructions: the probe is in place for as long as it takes to refuse it at
 * perf_event_alloc. Gone when the system call returns.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u64);
} refused_probes __weak SEC(".maps");

static __always_inline void refuse_probe(void)
{
	__u64 opener = (__u64)current_task(), one = 1;

	bpf_map_update_elem(&refused_probes, &opener, &one, BPF_ANY);
}

static __always_inline int is_refused_probe(void)
{
	__u64 opener = (__u64)current_task();

	return !!bpf_map_lookup_elem(&refused_probes, &opener);
}

/* The opening is over, whether it was refused or not. */
static __always_inline void end_probe(void)
{
	__u64 opener = (__u64)current_task();

	bpf_map_delete_elem(&refused_probes, &opener);
}

static __always_inline void end_perf_opening(void)
{
	__u64 opener = (__u64)current_task(), *target, *openers, key;

	target = bpf_map_lookup_elem(&perf_openings, &opener);
	if (!target)
		return;
	key = *target;
	if (bpf_map_delete_elem(&perf_openings, &opener)) /* another copy of the program did */
		return;
	openers = bpf_map_lookup_elem(&perf_targets, &key);
	if (openers)
		__sync_fetch_and_add(openers, -1);
}

/* Returns whether there was room. Again for the same target, as a copy of the program does, changes nothing. */
static __always_inline int begin_perf_opening(struct task_struct *task)
{
	__u64 opener = (__u64)current_task(), key = (__u64)task, none = 0, *openers, *target;

	target = bpf_map_lookup_elem(&perf_openings, &opener);
	if (target && *target == key)
		return 1;
	end_perf_opening(); /* one whose end was missed */
	bpf_map_update_elem(&perf_targets, &key, &none, BPF_NOEXIST);
	openers = bpf_map_lookup_elem(&perf_targets, &key);
	if (!openers)
		return 0;
	__sync_fetch_and_add(openers, 1);
	if (!bpf_map_update_elem(&perf_openings, &opener, &key, BPF_ANY))
		return 1;
	__sync_fetch_and_add(openers, -1);
	return 0;
}

static __always_inline int is_being_opened(struct task_struct *task)
{
	__u64 key = (__u64)task, *openers = bpf_map_lookup_elem(&perf_targets, &key);

	return openers && *openers;
}

#endif
