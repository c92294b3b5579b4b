/* SPDX-License-Identifier: GPL-2.0 */
/* One question for an open: is it a kernel file or a device that changes the machine, and may `current` have it. */
#ifndef KERNELSEAL_KERNEL_FILE_H
#define KERNELSEAL_KERNEL_FILE_H

#include "control_group.h"
#include "device.h"
#include "kernel_memory.h"
#include "../agent/pin.h"

/* Files of procfs that stand for no process. */
static __always_inline int kernel_proc_verdict(struct file *file, struct inode *inode, int again)
{
	struct dentry *dentry = file->f_path.dentry;
	__u32 kind;
	int control;

	if (pid_of_entry(inode))
		return 0;
	if (is_kcore(file))
		return judge_kernel_memory(KS_WAY_KERNEL_MEMORY, again);
	if (!(file->f_mode & FMODE_WRITE))
		return 0;
	control = control_of_proc(dentry, &kind);
	return judge_control_file(control, kind, again);
}

/* Opened for writing, by the kind of its file system; 0: none of those. */
static __always_inline __u32 kind_of_file_system(unsigned long magic)
{
	switch (magic) {
	case SECURITYFS_MAGIC:
		return KS_FILE_SECURITYFS;
	case DEBUGFS_MAGIC:
		return KS_FILE_DEBUGFS;
	case BINFMTFS_MAGIC:
		return KS_FILE_BINFMT;
	case CONFIGFS_MAGIC:
		return KS_FILE_CONFIGFS;
	case EFIVARFS_MAGIC:
		return KS_FILE_EFIVARFS;
	case PSTOREFS_MAGIC:
		return KS_FILE_PSTORE;
	}
	return 0;
}

/* A file neither of procfs nor of another file system of the kernel leaves after the comparisons of one switch. */
static __always_inline int kernel_file_verdict(struct file *file, struct inode *inode, unsigned long magic, int again)
{
	int writes = !!(file->f_mode & FMODE_WRITE);
	struct dentry *dentry = file->f_path.dentry;
	__u32 kind;

	switch (magic) {
	case TRACEFS_MAGIC:
		return judge_kernel_memory(KS_WAY_TRACEFS, again);
	case BPF_FS_MAGIC:
		return pin_open_verdict(file, inode, again);
	case SYSFS_MAGIC:
		return writes ? judge_control_file(control_of_sysfs(dentry), KS_FILE_SYSFS, again) : 0;
	case CGROUP_MAGIC:
	case CGROUP2_MAGIC:
		return writes ? cgroup_file_verdict(dentry, magic, again) : 0;
	}
	kind = kind_of_file_system(magic);
	if (kind)
		return writes ? judge_control_file(0, kind, again) : 0;
	return device_verdict(inode, writes, again);
}

#endif
