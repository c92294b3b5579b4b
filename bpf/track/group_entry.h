/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Control groups that a process may enter by itself. Writing to `cgroup.procs` is judged at the open
 * (guard/machine/control_group.h); clone3(2) puts a child into the group of any folder that its caller has open.
 */
#ifndef KERNELSEAL_GROUP_ENTRY_H
#define KERNELSEAL_GROUP_ENTRY_H

#include "judge.h"

#define CLONE_INTO_CGROUP 0x200000000ULL /* include/uapi/linux/sched.h */

/* A child that begins in another group than its parent's. A service's groups are known by their numbers, wherever its
 * processes are.
 */
static __always_inline int group_entry_verdict(unsigned long clone_flags, int again)
{
	struct ks_scope *scope;
	__u32 inum;

	if (!(clone_flags & CLONE_INTO_CGROUP))
		return 0;
	inum = current_scope();
	if (inum < KS_FIRST_PID_NS || (group_of_namespace(current_task()) && is_delegated()))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &inum);
	if (!scope || (scope->kernel_control & KS_CONTROL_CGROUPS) || is_agent(process_of(current_task())))
		return 0;
	if (inum == INIT_PID_NS && BPF_CORE_READ(pid_namespace_of(current_task(), NULL), ns.inum) == INIT_PID_NS)
		return 0;
	return judge_in(inum, scope, NULL, NULL, 1, KS_WAY_CGROUP, KS_FILE_CGROUP, 0, again);
}

#endif
