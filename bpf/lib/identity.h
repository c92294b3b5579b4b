/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The identity of a process: its container, and whether it begins that container's life.
 *
 * A container is told by the mount namespace its first process entered by, and that by its sequence number, which the
 * kernel gives once (fs/namespace.c, alloc_mnt_ns). Its inode number is used again as soon as the namespace is gone.
 * A life has one entrypoint: the first process from outside to exec in a mount namespace that nothing was started in
 * before. A container that starts again has a new one.
 */
#ifndef KERNELSEAL_IDENTITY_H
#define KERNELSEAL_IDENTITY_H

#include "emit.h"

/* Full: a container that starts is not taken for one (KS_LIVES is the limit of a scope), and its first process is a
 * visitor. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct ks_lives);
} lives __weak SEC(".maps");

static const struct ks_lives no_lives = {};

/* Living containers passed over in search of one that ended: a scope that has more of them side by side takes no new
 * one. */
#define MOST_PASSED 64

/* 0: a namespace without a number (that of mounts which are attached nowhere), or none that can be read. */
static __always_inline __u64 mount_ns_number(struct mnt_namespace *ns)
{
	struct mnt_namespace___with_seq *counted = (void *)ns;
	struct ns_common___with_id *common = (void *)ns + bpf_core_field_offset(struct mnt_namespace, ns);

	if (bpf_core_field_exists(counted->seq))
		return BPF_CORE_READ(counted, seq);
	return BPF_CORE_READ(common, ns_id);
}

static __always_inline __u64 mount_ns_of(struct task_struct *task)
{
	return mount_ns_number(BPF_CORE_READ(task, nsproxy, mnt_ns));
}

static __always_inline struct ks_container *container_of_number(__u32 scope, __u64 mount_ns)
{
	struct ks_container_key key = {.scope = scope, .mount_ns = mount_ns};

	return bpf_map_lookup_elem(&containers, &key);
}

static __always_inline struct ks_lives *lives_of(__u32 scope)
{
	struct ks_lives *known = bpf_map_lookup_elem(&lives, &scope);

	if (known)
		return known;
	bpf_map_update_elem(&lives, &scope, &no_lives, BPF_NOEXIST);
	return bpf_map_lookup_elem(&lives, &scope);
}

/*
 * Writes a life down in the place of the oldest that ended. A forgotten life raises the floor: numbers only grow, so a
 * namespace at or below it is one of a container that began long ago, and no process can begin that once more.
 */
static __always_inline int remember_life(struct ks_lives *known, __u32 scope, __u64 mount_ns)
{
	struct ks_container_key old = {.scope = scope};
	struct ks_container *container;
	__u64 at;

	for (int i = 0; i < MOST_PASSED; i++) {
		at = known->count++ % KS_LIVES;
		old.mount_ns = known->mount_ns[at];
		container = old.mount_ns ? bpf_map_lookup_elem(&containers, &old) : NULL;
		if (container && !container->ended)
			continue;
		if (container)
			bpf_map_delete_elem(&containers, &old);
		if (old.mount_ns > known->floor)
			known->floor = old.mount_ns;
		known->mount_ns[at] = mount_ns;
		return 0;
	}
	return -ENOMEM;
}

/* The life of a container, of which `start` is the entrypoint's, makes room for others. */
static __always_inline void end_life(__u32 scope, __u64 mount_ns, __u64 start)
{
	struct ks_container *container = container_of_number(scope, mount_ns);

	if (container && container->start == start)
		container->ended = 1;
}

/* The namespace belongs to the same user namespace as the Pod's: none that a process in it made for itself. */
static __always_inline int is_of_pod_user(struct task_struct *task)
{
	struct user_namespace *user = BPF_CORE_READ(task, nsproxy, mnt_ns, user_ns);

	return user && user == BPF_CORE_READ(pid_namespace_of(task, NULL), user_ns);
}

/* Whether `current`, which came from outside, is the entrypoint of a life that begins. */
static __always_inline int begins_life(struct task_struct *task, __u32 scope, __u64 mount_ns)
{
	struct ks_container_key key = {.scope = scope, .mount_ns = mount_ns};
	struct ks_container container = {};
	struct ks_lives *known;

	if (!mount_ns || !is_of_pod_user(task))
		return 0;
	known = lives_of(scope);
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

/*
 * The verdict on an action of `current` on a process without a record. Only the runtime, which is in no scope, has
 * business with one that starts: data written into it before its exec decides its container's entrypoint.
 */
static __always_inline int judge_starting(struct task_struct *target, __u32 detail, int silent, int again)
{
	struct task_struct *actor = current_task();
	__u32 inum = scope_of(target);
	struct ks_scope *scope;

	if (!inum || current_scope() != inum || same_memory(actor, target))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &inum);
	if (!scope || (scope->switches & KS_HOST) || !is_starting(target, inum) || is_beside(actor, target))
		return 0;
	return judge_in(inum, scope, NULL, target, 1, KS_WAY_STARTING, detail, silent, again);
}

#endif
