/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which procfs entry `current` is in the middle of opening or walking through.
 *
 * The check of file_open comes before the open takes the target's memory (mm_access in fs/proc/base.c), and the target
 * may exec in between: the reader would pass as one of the old image and get the new one. So the question is put again
 * once the memory is taken: at file_post_open where the kernel has it (6.8), and on every kernel at the ptrace check
 * that mm_access() makes.
 *
 * The kernel itself remembers the file being opened: task_struct.nameidata is set from the first path component until
 * do_filp_open() returns (set_nameidata, restore_nameidata in fs/namei.c), and its `path` is the entry that is opened,
 * or while a link is followed the directory that holds the link. No table of ours has to hold it, so none can be full,
 * and no word of an earlier open is left behind.
 */
#ifndef KERNELSEAL_OPENING_H
#define KERNELSEAL_OPENING_H

#include "proc_entry.h"
#include "../open_file.h"

/* Whether a path is being walked. A file that the kernel opens without one (dentry_open) is not asked about again. */
static __always_inline int is_walking(void)
{
	return !!BPF_CORE_READ(current_task(), nameidata);
}

/* The way to a process's memory that the walk of `current` is at. */
static __always_inline __u32 way_walked(void)
{
	struct dentry *dentry = BPF_CORE_READ(current_task(), nameidata, path.dentry);
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);

	if (!inode || BPF_CORE_READ(inode, i_sb, s_magic) != PROC_SUPER_MAGIC)
		return KS_WAY_NONE;
	return way_of_entry(dentry, BPF_CORE_READ(inode, i_mode));
}

/* The number that the walk has come to; -1: it is none. The name is followed by the rest of the path. */
static __always_inline long number_walked(void)
{
	char digits[11] = {};
	long number = 0;
	int i;

	bpf_probe_read_kernel_str(digits, sizeof(digits), BPF_CORE_READ(current_task(), nameidata, last.name));
	for (i = 0; i < 10 && digits[i] >= '0' && digits[i] <= '9'; i++)
		number = number * 10 + (digits[i] - '0');
	return i ? number : -1;
}

/*
 * Whether a link leads to memory that only processes have: a file of theirs without a name, or any mapped one (which
 * the kernel keeps for CRIU). It is as good as /proc/P/mem.
 */
static __always_inline int is_at_memory(struct task_struct *target)
{
	struct dentry *dentry = BPF_CORE_READ(current_task(), nameidata, path.dentry);
	union entry_name name = {};

	read_name(&name, dentry);
	if (name.words[0] == W('m', 'a', 'p', '_', 'f', 'i', 'l', 'e'))
		return 1;
	if (name.words[0] != W('f', 'd', 0, 0, 0, 0, 0, 0))
		return 0;
	return is_nameless_memory(open_file_of(target, number_walked()));
}

/* The walk is at /proc/P/ns: a runtime joins the namespaces of a container's init, to run something beside it. */
static __always_inline int is_at_namespaces(void)
{
	struct dentry *dentry = BPF_CORE_READ(current_task(), nameidata, path.dentry);
	union entry_name name = {};

	if (BPF_CORE_READ(dentry, d_inode, i_sb, s_magic) != PROC_SUPER_MAGIC)
		return 0;
	read_name(&name, dentry);
	return name.words[0] == W('n', 's', 0, 0, 0, 0, 0, 0);
}

#endif
