/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files of control groups: a scope writes those of the writer's own group and below, and of those its cgroup namespace
 * shows as the root. Others freeze, kill, starve and move processes of the whole machine.
 *
 * A group the agent is in, or one above, is not even its neighbours': `cgroup.kill` there ends it.
 */
#ifndef KERNELSEAL_CONTROL_GROUP_H
#define KERNELSEAL_CONTROL_GROUP_H

#include "kernel_control.h"

/* Levels of groups that are looked at; a deeper one counts as not one's own. */
#define MAX_GROUP_DEPTH 24
#define ROOT_GROUP 1 /* kernfs gives its root the first number (kernfs_create_root, fs/kernfs/dir.c) */

/* kernfs_get_inode(): the number of an inode is that of its node, which for a folder is the group's. */
static __always_inline __u64 group_of_folder(struct dentry *folder)
{
	return BPF_CORE_READ(folder, d_inode, i_ino);
}

/* The root of the cgroup namespace, as long as it is a group and not the whole hierarchy; 0 otherwise. */
static __always_inline __u64 group_of_namespace(struct task_struct *task)
{
	__u64 id = BPF_CORE_READ(task, nsproxy, cgroup_ns, root_cset, dfl_cgrp, kn, id);

	return id == ROOT_GROUP ? 0 : id;
}

static __always_inline int is_own_group(struct dentry *folder)
{
	__u64 own = bpf_get_current_cgroup_id(), of_namespace = group_of_namespace(current_task());
	struct dentry *parent;

	for (int i = 0; i < MAX_GROUP_DEPTH; i++) {
		__u64 id = group_of_folder(folder);

		if (id == own || (id && id == of_namespace))
			return 1;
		parent = BPF_CORE_READ(folder, d_parent);
		if (parent == folder)
			return 0;
		folder = parent;
	}
	return 0;
}

/* Whether the agent of a scope is in that group or below it. */
static __always_inline int holds_agent(__u32 scope, __u64 id)
{
	struct ks_agent *agent = bpf_map_lookup_elem(&agents, &scope);
	struct task_struct *task;
	struct cgroup *group;

	if (!agent || !has_agent(scope))
		return 0;
	task = (void *)agent->task;
	group = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	for (int i = 0; i < MAX_GROUP_DEPTH && group; i++) {
		if (BPF_CORE_READ(group, kn, id) == id)
			return 1;
		group = BPF_CORE_READ(group, self.parent, cgroup);
	}
	return 0;
}

/* Of a machine that is a scope, its service manager alone: others are kept from the group that the agent itself is in.
 */
static __always_inline int may_manage(__u32 inum, __u64 id)
{
	struct ks_agent *agent = bpf_map_lookup_elem(&agents, &inum);
	struct task_struct *task;

	if (inum != INIT_PID_NS || !in_machine_pid_ns())
		return 0;
	if (!agent || bpf_get_current_pid_tgid() >> 32 == 1)
		return 1;
	task = (void *)agent->task;
	return BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id) != id;
}

/* In every mode: one that is frozen while it holds the node's lock (agent/node/pins.ts) keeps all others waiting. */
static __always_inline int judge_agents_group(__u32 inum, __u64 id, int again)
{
	struct ks_scope *scope = bpf_map_lookup_elem(&scopes, &inum);
	struct ks_process agents = {.flags = KS_AGENT};

	if (!scope || may_manage(inum, id) || is_agent(process_of(current_task())))
		return 0;
	return judge_in(inum, scope, &agents, NULL, 1, KS_WAY_CGROUP, KS_FILE_CGROUP, 0, again);
}

static __always_inline int cgroup_file_verdict(struct dentry *file, unsigned long magic, int again)
{
	struct dentry *folder = BPF_CORE_READ(file, d_parent);
	__u32 inum = current_scope();

	if (!inum)
		return 0;
	if (magic == CGROUP2_MAGIC && holds_agent(inum, group_of_folder(folder)))
		return judge_agents_group(inum, group_of_folder(folder), again);
	if (magic == CGROUP2_MAGIC && is_own_group(folder))
		return 0;
	return judge_control(KS_CONTROL_CGROUPS, KS_WAY_CGROUP, KS_FILE_CGROUP, again);
}

#endif
