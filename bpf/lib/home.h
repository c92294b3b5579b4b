/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The container that a scope's agent came from, so that a container which starts again becomes the agent and no other
 * ever does. Between two lives of an agent nothing else tells them apart: all of them are entrypoints of a Pod.
 *
 * The first to enrol, before its scope is registered, is written down: the file it was started from, which of an image
 * has the same number in each of its containers (ovl_map_ino, fs/overlayfs/inode.c), and the control group that its own
 * is in, which is the Pod's. A mount namespace is new with each life, and so no part of it. Its successor is told at
 * the first exec of a container's life (KS_HEIR), at which nothing in the Pod has had a hand in it.
 */
#ifndef KERNELSEAL_HOME_H
#define KERNELSEAL_HOME_H

#include "image_file.h"
#include "scope.h"

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

/*
 * The number alone says nothing: root of a container mounts an overlay over layers of its own, and makes files there
 * until one has the number that it wants. So the file has to be one of the image, on the root that the runtime made.
 */
static __always_inline int is_agents_file(const struct home *home, struct file *file,
					  const struct ks_container *container)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	return BPF_CORE_READ(inode, i_ino) == home->file && container &&
	       BPF_CORE_READ(inode, i_sb, s_dev) == container->root && !BPF_CORE_READ(inode, i_sb, s_user_ns, level) &&
	       is_image_file(file);
}

/*
 * Whether `current` is the agent's container, started again. It is known by the file it was started from: later execs
 * are its own choice, and so is the kernel's name of its program from then on (prctl(2), PR_SET_MM_EXE_FILE).
 */
static __always_inline int may_succeed(__u32 scope)
{
	struct ks_process *process = process_of(current_task());

	return process && process->scope == scope && (process->flags & (KS_HEIR | KS_VISITOR)) == KS_HEIR;
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

/* A container's first exec, of a file that is its own, while its scope has no agent. */
static __always_inline int becomes_heir(const struct ks_process *process, const struct home *home, struct file *file,
					struct task_struct *task)
{
	const __u32 asked = KS_BEGINNING | KS_VISITOR | KS_FOREIGN;

	return (process->flags & asked) == KS_BEGINNING && !has_agent(process->scope) &&
	       home->group == group_above(task) &&
	       is_agents_file(home, file, container_of_number(process->scope, process->container));
}

/*
 * The flags that a process gets as it execs `file`, beside its own: guarded like the agent from its first instruction
 * on, and without its rights until it enrols.
 */
static __always_inline __u32 flags_of_home(const struct ks_process *process, struct file *file,
					   struct task_struct *task)
{
	__u32 scope = process->scope; /* a key has to lie on the stack */
	struct home *home = bpf_map_lookup_elem(&homes, &scope);

	if (!home || home->outside)
		return 0;
	if (becomes_heir(process, home, file, task))
		return KS_AGENT | KS_BLIND | KS_HEIR;
	return (process->flags & KS_VISITOR) && lives_with_agent(scope, task) ? KS_AGENT | KS_BLIND : 0;
}

#endif
