/* SPDX-License-Identifier: GPL-2.0 */
/* Files, file systems and mounts, and the program of an exec. */
#ifndef KERNELSEAL_LIB_KERNEL_FILE_H
#define KERNELSEAL_LIB_KERNEL_FILE_H

#include "namespace.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct qstr {
	const unsigned char *name;
};

struct block_device {
	__u32 bd_dev;
};

struct file_system_type {
	const char *name;
	int fs_flags;
};

struct super_block {
	unsigned int s_dev;
	unsigned long s_magic;
	struct dentry *s_root;
	struct file_system_type *s_type;
	struct block_device *s_bdev;
	struct user_namespace *s_user_ns;
};

struct inode {
	unsigned short i_mode;
	unsigned int i_rdev;
	unsigned long i_ino;
	struct {
		int counter;
	} i_writecount;
	struct super_block *i_sb;
};

struct dentry {
	struct inode *d_inode;
	struct dentry *d_parent;
	struct qstr d_name;
	struct super_block *d_sb;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns; /* NULL once it is attached nowhere */
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct fs_struct {
	struct path root;
};

struct nameidata {
	struct path path;
	struct qstr last;
};

struct file {
	unsigned int f_mode;
	unsigned int f_flags;
	struct path f_path;
	struct inode *f_inode;
};

struct proc_inode {
	struct pid *pid;
	struct inode vfs_inode;
};

struct linux_binprm {
	struct file *file;
	const char *filename;
	const char *interp;
	char buf[256];
};

struct vm_area_struct {
	struct file *vm_file;
};

#pragma clang attribute pop

#endif
