/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The identity of a process: its container, and whether it begins that container's life.
 *
 * A container is told by the mount namespace its first process entered by, and that by its sequence number, which the
 * kernel gives once (fs/namespace.c, alloc_mnt_ns). Its inode number is used again as soon as the namespace is gone.
 * A life has one entrypoint: the first process from outside to exec in a mount namespace that nothing was started in
 * before, and that no process of the Pod has been in. A container that starts again has a new one.
 */
#ifndef KERNELSEAL_IDENTITY_H
#define KERNELSEAL_IDENTITY_H

#include "judge.h"
#include "entered.h"
#include "life.h"
#include "home.h"

/* Whether `current`, which came from outside, is the entrypoint of a life that begins. */
static __always_inline int begins_life(struct task_struct *task, __u32 scope, __u64 mount_ns)
{
	struct ks_container_key key = {.scope = scope, .mount_ns = mount_ns};
	struct ks_container container = {};
	struct ks_lives *known;

	/* A namespace of another user namespace than the Pod's is one that a process in it made for itself. */
	if (!mount_ns || mount_ns == NOWHERE || !is_of_pod_user(BPF_CORE_READ(task, nsproxy, mnt_ns), task, scope))
		return 0;
	known = entered_of(scope) ? lives_of(scope) : NULL;
	if (!known || mount_ns <= known->floor)
		return 0;
	container.entry = (__u64)BPF_CORE_READ(task, group_leader);
	container.start = BPF_CORE_READ(task, group_leader, start_boottime);
	container.root = BPF_CORE_READ(task, fs, root.mnt, mnt_sb, s_dev);
	if (bpf_map_update_elem(&containers, &key, &container, BPF_NOEXIST))
		return 0;
	if (!remember_life(known, scope, mount_ns))
		return 1;
	bpf_map_delete_elem(&containers, &key);
	return 0;
}

/*
 * A process without a record in a Pod came from outside (runc joins the PID namespace, so its parent is not in it)
 * or was there before the scope. The first from outside in its mount namespace is the container's entrypoint;
 * all others are visitors.
 */
static __always_inline __u32 lineage_of(struct task_struct *task, __u32 scope, __u64 mount_ns)
{
	if (scope_of(BPF_CORE_READ(task, real_parent)) == scope)
		return KS_VISITOR;
	if (begins_life(task, scope, mount_ns))
		return KS_WORKLOAD | KS_ENTRY | KS_BEGINNING;
	return KS_VISITOR;
}

/* A runtime's process on its way into a Pod: it has joined, has no record, and its parent is outside. */
static __always_inline int is_starting(struct task_struct *task, __u32 scope)
{
	return scope_of(BPF_CORE_READ(task, real_parent)) != scope;
}

/*
 * In one mount namespace: an application that was there before the scope has business with its own entrypoint, which
 * has no record either. A container on its way has a namespace in which nothing else is.
 */
static __always_inline int is_beside(struct task_struct *actor, struct task_struct *target)
{
	return mount_ns_of(actor) == mount_ns_of(target);
}

/* Whether a process on its way may become the scope's agent, or comes to live with it (home.h). */
static __always_inline int is_way_to_agent(struct task_struct *task, __u32 scope)
{
	struct home *home = bpf_map_lookup_elem(&homes, &scope);

	if (!home || home->outside)
		return 0;
	return !has_agent(scope) || lives_with_agent(scope, task);
}

/*
 * The verdict on an action of `current` on a process without a record. Only the runtime, which is in no scope, has
 * business with one that starts: data written into it before its exec decides its container's entrypoint, and what it
 * has mounted is the container's already. One that may be the agent's is closed in every mode, as the agent is.
 */
static __always_inline int judge_starting(struct task_struct *target, __u32 detail, int silent, int again)
{
	struct ks_process agents = {.flags = KS_AGENT};
	struct task_struct *actor = current_task();
	__u32 inum = scope_of(target);
	struct ks_scope *scope;

	if (!inum || current_scope() != inum || same_memory(actor, target))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &inum);
	if (!scope || (scope->switches & KS_HOST) || !is_starting(target, inum) || is_beside(actor, target))
		return 0;
	return judge_in(inum, scope, is_way_to_agent(target, inum) ? &agents : NULL, target, 1, KS_WAY_STARTING, detail,
			silent, again);
}

#endif
