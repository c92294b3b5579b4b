/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which bindings name the program a file is: by its real path in the mount namespace, component by component from
 * the last to the root, through the trie in `paths`. No text of the caller's takes part: not argv, not comm, not
 * the path it wrote, and not its root directory (a chroot does not make /jail/usr/bin/x into /usr/bin/x).
 *
 * Only mounts of the container's own mount namespace count: in a namespace of its own making an unprivileged user puts
 * any file at any path, and an interpreter that another container registered (binfmt_misc, flag F) lies in that one's.
 */
#ifndef KERNELSEAL_PROGRAM_H
#define KERNELSEAL_PROGRAM_H

#include "identity.h"

/* Components and mounts on the way to the root; a deeper program matches nothing but a basename. */
#define MAX_PATH_STEPS 32

/* The key lives on the stack, not in a per-CPU map: LSM programs can be preempted by another exec on their CPU. */

struct path_walk {
	struct dentry *dentry;
	struct mount *mount;
	__u64 here; /* bindings, should the root come next */
	__u64 anywhere;
	__u64 home; /* number of the mount namespace; 0: any of the machine's own */
	__u32 next; /* node the next component is looked up at */
	__u32 first;
};

enum { WALK_ON, WALK_MATCHED, WALK_LOST, WALK_FOREIGN };

/* Attached in the namespace that the container entered by; on a host, in one that the machine's root made. */
static __always_inline int is_home(struct mount *mount, __u64 home)
{
	struct mnt_namespace *ns = BPF_CORE_READ(mount, mnt_ns);
	__u64 number = mount_ns_number(ns);

	return home ? number == home : number && !BPF_CORE_READ(ns, user_ns, level);
}

static __always_inline int walk_component(struct path_walk *walk, struct ks_path_key *key)
{
	struct dentry *dentry = walk->dentry, *parent = BPF_CORE_READ(dentry, d_parent);
	struct ks_path *path;

	if (parent == dentry)
		return WALK_LOST; /* the root of a file system that is mounted nowhere: memfd, pipe */
	if (!walk->first && !walk->next)
		return WALK_LOST;
	key->node = walk->next;
	__builtin_memset(key->name, 0, sizeof(key->name));
	bpf_probe_read_kernel_str(key->name, sizeof(key->name), BPF_CORE_READ(dentry, d_name.name));
	path = bpf_map_lookup_elem(&paths, key);
	if (!path)
		return WALK_LOST;
	if (walk->first)
		walk->anywhere = path->anywhere;
	walk->first = 0;
	walk->here = path->bindings;
	walk->next = path->next;
	walk->dentry = parent;
	return WALK_ON;
}

static __always_inline int walk_step(struct path_walk *walk, struct ks_path_key *key)
{
	struct mount *mount = walk->mount, *above;

	if (walk->dentry != BPF_CORE_READ(mount, mnt.mnt_root))
		return walk_component(walk, key);
	above = BPF_CORE_READ(mount, mnt_parent);
	if (above == mount)
		return WALK_MATCHED;
	walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
	walk->mount = above;
	return is_home(above, walk->home) ? WALK_ON : WALK_FOREIGN;
}

/* Whether the file lies on a mount of that namespace. */
static __always_inline int is_own_file(struct file *file, __u64 home)
{
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);

	return is_home((void *)mnt - bpf_core_field_offset(struct mount, mnt), home);
}

/* Bindings whose selector names this file, which is_own_file. */
static __always_inline __u64 bindings_of_program(struct file *file, __u32 scope, __u32 generation, __u64 home)
{
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
	struct path_walk walk = {.first = 1, .home = home};
	struct ks_path_key key = {.scope = scope, .generation = generation};
	int step;

	walk.dentry = BPF_CORE_READ(file, f_path.dentry);
	walk.mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
	for (int i = 0; i < MAX_PATH_STEPS; i++) {
		step = walk_step(&walk, &key);
		if (step == WALK_MATCHED)
			return walk.here | walk.anywhere;
		if (step == WALK_FOREIGN)
			return 0;
		if (step == WALK_LOST)
			break;
	}
	return walk.anywhere;
}

#endif
