/* SPDX-License-Identifier: GPL-2.0 */
/* The lives of a scope's containers, each by the number of its mount namespace. */
#ifndef KERNELSEAL_LIFE_H
#define KERNELSEAL_LIFE_H

#include "scope.h"

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

#endif
