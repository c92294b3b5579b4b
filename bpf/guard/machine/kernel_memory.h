/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files that show any memory of the machine, or let one trace it (row 14): /proc/kcore, /dev/{mem,kmem,port}
 * under any name, and tracefs, with uprobes that read user memory. Refused to every process inside a scope.
 */
#ifndef KERNELSEAL_KERNEL_MEMORY_H
#define KERNELSEAL_KERNEL_MEMORY_H

#include "judge.h"

#define MEM_MAJOR 1 /* Documentation/admin-guide/devices.txt: 1 mem, 2 kmem, 4 port */

static __always_inline int is_memory_device(struct inode *inode)
{
	__u32 device = inode->i_rdev, minor = device & 0xfffff; /* MINORBITS 20, include/linux/kdev_t.h */

	return device >> 20 == MEM_MAJOR && (minor == 1 || minor == 2 || minor == 4);
}

/* A procfs inode without a process, called `kcore`: the names in procfs come from the kernel. */
static __always_inline int is_kcore(struct file *file)
{
	char name[8] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	return name[0] == 'k' && name[1] == 'c' && name[2] == 'o' && name[3] == 'r' && name[4] == 'e' && !name[5];
}

static __always_inline int judge_kernel_memory(__u32 way, int again)
{
	__u32 inum = current_scope();
	struct ks_scope *scope = inum ? bpf_map_lookup_elem(&scopes, &inum) : NULL;

	if (!scope || is_agent(process_of(current_task())))
		return 0;
	return judge_in(inum, scope, NULL, NULL, 1, way, 0, 0, again);
}

#endif
