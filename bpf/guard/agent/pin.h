/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files below /kernelseal of a bpf file system: our pins (agent/node/pins.ts).
 *
 * A pin is a file, and a file has more doors than bpf(2): of a map whose value has a BTF type a plain read prints every
 * entry. BPF_OBJ_GET opens no file (bpf_obj_do_get, kernel/bpf/inode.c), so that no tool has reason to open one.
 */
#ifndef KERNELSEAL_PIN_H
#define KERNELSEAL_PIN_H

#include "judge.h"

#define BPF_FS_MAGIC 0xcafe4a11 /* include/uapi/linux/magic.h */
/* /kernelseal/<abi>/<kind>/<pin> */
#define MAX_PIN_DEPTH 6

static __always_inline int is_our_root(struct dentry *dentry)
{
	/* One byte longer than ours, or a longer name would be read cut and look the same. */
	char want[] = "kernelseal", name[sizeof(want) + 1] = {};

	if (bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(dentry, d_name.name)) != sizeof(want))
		return 0;
	for (int i = 0; i < (int)sizeof(want); i++)
		if (name[i] != want[i])
			return 0;
	return 1;
}

/* The file system's own root is the one dentry that is its own parent. */
static __always_inline int is_pin(struct dentry *dentry)
{
	struct dentry *parent;

	for (int i = 0; i < MAX_PIN_DEPTH; i++) {
		parent = BPF_CORE_READ(dentry, d_parent);
		if (parent == dentry)
			return 0;
		if (BPF_CORE_READ(parent, d_parent) == parent)
			return is_our_root(dentry);
		dentry = parent;
	}
	return 0;
}

/*
 * The file of a pin: refused to all but agents, root of the machine included, where a scope of the node enforces. A
 * folder of pins: refused inside scopes, since a lock on it would keep every new agent of the node waiting.
 */
static __always_inline int pin_open_verdict(struct file *file, struct inode *inode, int again)
{
	struct ks_scope *scope;
	__u32 inum, node = 0;

	if (!is_pin(BPF_CORE_READ(file, f_path.dentry)) || is_agent(process_of(current_task())))
		return 0;
	inum = current_scope();
	if ((inode->i_mode & S_IFMT) == S_IFDIR) {
		if (!inum || inum == INIT_PID_NS)
			return 0;
		node = inum;
	}
	scope = bpf_map_lookup_elem(&scopes, &node);
	return scope ? judge_in(inum, scope, NULL, NULL, 1, KS_WAY_PIN, 0, 0, again) : 0;
}

#endif
