/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The maps and programs of KernelSeal itself, as the agent that loads them lists them, and which process outside of
 * agents may have a descriptor of one.
 */
#ifndef KERNELSEAL_OWN_OBJECTS_H
#define KERNELSEAL_OWN_OBJECTS_H

#include "judge.h"
#include "successor.h"
#include "../report.h"

/* Ids of our maps, written by the agent that loads them: those whose content is secret, and all others. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} guarded_maps __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u32);
} guarded_programs __weak SEC(".maps");

/* A process of a machine that is a scope as a whole, and not of a container below it. */
static __always_inline int is_of_machine(__u32 inum)
{
	return inum == INIT_PID_NS && in_machine_pid_ns();
}

/* Without an agent its successor must be able to become it; of a whole machine that is its root. */
static __always_inline int may_open_ours(__u32 inum)
{
	return !has_agent(inum) && (is_of_machine(inum) || may_succeed(inum));
}

/* By the policy of the scope `by`; 0: by the whole node's, which is as strict as its strictest scope. */
static __always_inline int map_verdict(__u32 by, __u32 id, int again)
{
	struct ks_scope *scope = bpf_map_lookup_elem(&scopes, &by);

	return scope ? judge_in(current_scope(), scope, NULL, NULL, 1, KS_WAY_BPF_MAP, id, 0, again) : 0;
}

/*
 * Records, policies and lists. `kernelseal status` of root, outside of Pods, reads them; a process that may write there
 * would take any other's seal, so that is for agents.
 */
static __always_inline int policy_map_verdict(__u32 id, int writes, int again)
{
	__u32 inum = current_scope();

	if (inum && may_open_ours(inum))
		return 0;
	if (!writes && (!inum || is_of_machine(inum)))
		return 0;
	return map_verdict(inum, id, again);
}

#endif
