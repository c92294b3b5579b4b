/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The container that a scope's agent came from, so that a container which starts again becomes the agent and no other
 * ever does. Between two lives of an agent nothing else tells them apart: all of them are entrypoints of a Pod.
 *
 * The first to enrol, before its scope is registered, is written down: the file it was started from, which of an image
 * has the same number in each of its containers (ovl_map_ino, fs/overlayfs/inode.c), and the control group that its own
 * is in, which is the Pod's. A mount namespace is new with each life, and so no part of it. successor.h tells its
 * successor.
 */
#ifndef KERNELSEAL_HOME_H
#define KERNELSEAL_HOME_H

#include "life.h"

struct home {
	__u64 file;
	__u64 group;
	__u64 outside; /* enrolled from outside of its scope: nothing inside succeeds it */
};

/* Gone with the scope. Full, as `scopes` is then: the agent is not enrolled, and says so. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct home));
} homes __weak SEC(".maps");

static __always_inline __u64 group_above(struct task_struct *task)
{
	return BPF_CORE_READ(task, cgroups, dfl_cgrp, self.parent, cgroup, kn, id);
}

static __always_inline void describe_home(struct home *home, struct task_struct *task)
{
	home->file = BPF_CORE_READ(task, mm, exe_file, f_inode, i_ino);
	home->group = group_above(task);
}

/* Whether a process was brought into the container of a successor: the kubelet's `kernelseal wait`. */
static __always_inline int lives_with_agent(__u32 scope, struct task_struct *task)
{
	struct ks_agent *agent = bpf_map_lookup_elem(&agents, &scope);
	struct ks_process *process = agent ? bpf_map_lookup_elem(&processes, &agent->task) : NULL;
	struct task_struct *leader;

	if (!process || !(process->flags & KS_ENTRY) || !has_agent(scope))
		return 0;
	leader = (void *)agent->task;
	return BPF_CORE_READ(leader, nsproxy, mnt_ns) == BPF_CORE_READ(task, nsproxy, mnt_ns);
}

#endif
