/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files of control groups: a scope writes those of its own groups. Others freeze, kill, starve and move processes of
 * the whole machine.
 *
 * A Pod's own groups are the root of the writer's cgroup namespace and those below it; in the machine's cgroup
 * namespace none is. The group that the writer is in says nothing: a process chooses where its children are (clone3(2);
 * track/group_entry.h). A service's own are those that are its scope.
 *
 * A group the agent is in, or one above, is not even its neighbours': `cgroup.kill` there ends it.
 */
#ifndef KERNELSEAL_CONTROL_GROUP_H
#define KERNELSEAL_CONTROL_GROUP_H

#include "capable.h"
#include "kernel_control.h"

/* Levels of groups that are looked at; a deeper one counts as not one's own. */
#define MAX_GROUP_DEPTH 24

/* kernfs_get_inode(): the number of an inode is that of its node, which for a folder is the group's. */
static __always_inline __u64 group_of_folder(struct dentry *folder)
{
	return BPF_CORE_READ(folder, d_inode, i_ino);
}

static __always_inline int is_scopes_group(__u32 inum, __u64 id)
{
	__u32 *scope = bpf_map_lookup_elem(&cgroup_scopes, &id);

	return scope && *scope == inum;
}

/* `cgroup.procs` and `cgroup.threads`: what is written there may be any process of the PID namespace, the agent too. */
static __always_inline int moves_processes(struct dentry *file)
{
	union file_name name;

	name_of_dentry(&name, file);
	return (name.words[0] == WORD('c', 'g', 'r', 'o', 'u', 'p', '.', 'p') &&
		(name.words[1] & FIRST(4)) == WORD4('r', 'o', 'c', 's')) ||
	       (name.words[0] == WORD('c', 'g', 'r', 'o', 'u', 'p', '.', 't') &&
		(name.words[1] & FIRST(4)) == WORD4('h', 'r', 'e', 'a'));
}

/*
 * Whether the kernel keeps those moves within the writer's groups: in a Pod by its cgroup namespace, in a service by
 * the owner of the group above (cgroup_procs_write_permission), unless the writer may write any file.
 */
static __always_inline int is_kept_below(__u32 inum)
{
	const struct cred *cred = BPF_CORE_READ(current_task(), cred);
	__u64 held = 0;

	if (inum >= KS_FIRST_PID_NS)
		return is_delegated();
	bpf_core_read(&held, sizeof(held), &cred->cap_effective);
	return BPF_CORE_READ(cred, fsuid.val) && !(held & BIT_OF_DAC_OVERRIDE);
}

static __always_inline int is_own_group(__u32 inum, struct dentry *folder)
{
	__u64 of_namespace = group_of_namespace(current_task());
	struct dentry *parent;

	if (inum < KS_FIRST_PID_NS)
		return is_scopes_group(inum, group_of_folder(folder));
	if (!of_namespace)
		return 0;
	for (int i = 0; i < MAX_GROUP_DEPTH; i++) {
		if (group_of_folder(folder) == of_namespace)
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
	if (magic == CGROUP2_MAGIC && is_own_group(inum, folder) && (!moves_processes(file) || is_kept_below(inum)))
		return 0;
	return judge_control(KS_CONTROL_CGROUPS, KS_WAY_CGROUP, KS_FILE_CGROUP, again);
}

#endif
