/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A procfs file in the middle of its open. The check of file_open comes before the open itself takes the target's
 * memory (mm_access in fs/proc/base.c), and the target may exec in between: the reader would pass as one of the old
 * image and get the new one. So it is asked again once the memory is taken: at file_post_open where the kernel has it
 * (6.8), else at the ptrace check that mm_access() makes, for which file_open leaves word here of what is being opened.
 * Measured before this was there: 1 value read in 1,109 refusals.
 */
#ifndef KERNELSEAL_OPENING_H
#define KERNELSEAL_OPENING_H

#include "scope.h"

const volatile __u32 has_file_post_open __weak = 0;

struct opening {
	__u64 leader;
	__u32 way;
	__u32 reserved;
};

/* Opener's task_struct -> what it opens. Full: the open is refused. Gone with the task, if no ptrace check came. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct opening);
} openings __weak SEC(".maps");

static __always_inline int announce_opening(struct task_struct *target, __u32 way)
{
	struct opening opening = {.way = way};
	__u64 key = (__u64)current_task();

	if (has_file_post_open)
		return 0;
	opening.leader = (__u64)BPF_CORE_READ(target, group_leader);
	return bpf_map_update_elem(&openings, &key, &opening, BPF_ANY) ? -EPERM : 0;
}

/* What this task is opening of `target`, and no longer after this. */
static __always_inline __u32 way_being_opened(struct task_struct *target)
{
	__u64 key = (__u64)current_task();
	struct opening *opening;
	__u32 way = KS_WAY_NONE;

	if (has_file_post_open)
		return KS_WAY_NONE;
	opening = bpf_map_lookup_elem(&openings, &key);
	if (!opening)
		return KS_WAY_NONE;
	if (opening->leader == (__u64)BPF_CORE_READ(target, group_leader))
		way = opening->way;
	bpf_map_delete_elem(&openings, &key);
	return way;
}

#endif
