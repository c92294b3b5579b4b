/* SPDX-License-Identifier: GPL-2.0 */
/* Open files of a task. */
#ifndef KERNELSEAL_OPEN_FILE_H
#define KERNELSEAL_OPEN_FILE_H

#include "kernel.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct task_struct___files {
	struct files_struct *files;
};

struct inode___links {
	unsigned int i_nlink;
};

#pragma clang attribute pop

/* The file that a task has open under a number; NULL for none. */
static __always_inline struct file *open_file_of(struct task_struct *of, __u32 number)
{
	struct task_struct___files *task = (void *)of;
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *file = NULL;

	if (number < BPF_CORE_READ(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), files + number);
	return file;
}

/* Memory that has a descriptor and no name: memfd_create(2), shared anonymous mappings, a file that was removed. */
static __always_inline int is_nameless_memory(struct file *file)
{
	struct inode___links *inode = (void *)BPF_CORE_READ(file, f_inode);
	unsigned long magic = BPF_CORE_READ(file, f_inode, i_sb, s_magic);

	return (magic == TMPFS_MAGIC || magic == HUGETLBFS_MAGIC) && !BPF_CORE_READ(inode, i_nlink);
}

#endif
