// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps the pins (row 13): without them the node's set would go with its last agent.
 *
 *   inode_unlink, inode_rmdir, inode_rename
 *       vfs_unlink(), vfs_rmdir(), vfs_rename(): nobody in a scope but its agent removes or moves anything below
 * /kernelseal of a bpf file system. In the machine's own PID namespace root may (`kernelseal unload`), and it is
 * reported.
 */
#include "emit.h"
#include "hook.h"

#define BPF_FS_MAGIC 0xcafe4a11 /* include/uapi/linux/magic.h */
/* /kernelseal/<abi>/<kind>/<pin> */
#define MAX_DEPTH 6

static __always_inline int is_our_root(struct dentry *dentry)
{
	char want[] = "kernelseal", name[sizeof(want)] = {};

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

	for (int i = 0; i < MAX_DEPTH; i++) {
		parent = BPF_CORE_READ(dentry, d_parent);
		if (parent == dentry)
			return 0;
		if (BPF_CORE_READ(parent, d_parent) == parent)
			return is_our_root(dentry);
		dentry = parent;
	}
	return 0;
}

static __always_inline int report_host(__u32 inum)
{
	struct ks_event *event;

	count(inum, KS_N_AUDITED);
	event = event_start(KS_EV_ACCESS, inum, NULL);
	if (!event)
		return 0;
	event->action = KS_AUDITED;
	event->way = KS_WAY_PIN;
	event_submit(event);
	return 0;
}

static __always_inline int removal_verdict(struct inode *directory, struct dentry *dentry, int again)
{
	struct ks_scope *scope;
	__u32 inum;

	if (BPF_CORE_READ(directory, i_sb, s_magic) != BPF_FS_MAGIC || !is_pin(dentry))
		return 0;
	inum = current_scope();
	scope = inum ? bpf_map_lookup_elem(&scopes, &inum) : NULL;
	if (!scope || is_agent(process_of(current_task())))
		return 0;
	if (inum == INIT_PID_NS)
		return again ? 0 : report_host(inum);
	return judge_in(inum, scope, NULL, NULL, 1, KS_WAY_PIN, 0, 0, again);
}

ENFORCE(guard_unlink, inode_unlink, security_inode_unlink, (directory, dentry), struct inode *directory,
	struct dentry *dentry)
{
	return removal_verdict(directory, dentry, again);
}

ENFORCE(guard_rmdir, inode_rmdir, security_inode_rmdir, (directory, dentry), struct inode *directory,
	struct dentry *dentry)
{
	return removal_verdict(directory, dentry, again);
}

/* The hook has four parameters, its caller five. */
ENFORCE_UNCOUNTED(guard_rename, inode_rename, security_inode_rename, (directory, dentry), struct inode *directory,
		  struct dentry *dentry)
{
	return removal_verdict(directory, dentry, again);
}

char LICENSE[] SEC("license") __weak = "GPL";
