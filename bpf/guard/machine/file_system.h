/* SPDX-License-Identifier: GPL-2.0 */
/*
 * File systems as a whole: one that the scope shares with the machine is not its to change.
 *
 * A superblock does not say which process made it. Left to a scope are kinds that each container has its own of, and
 * those of a user namespace; bpffs, control groups, sysfs and disks are the machine's.
 */
#ifndef KERNELSEAL_FILE_SYSTEM_H
#define KERNELSEAL_FILE_SYSTEM_H

#include "identity.h"
#include "kernel_control.h"

#define FS_REQUIRES_DEV 1 /* include/linux/fs.h */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct super_block___info {
	void *s_fs_info;
};

struct proc_fs_info {
	struct pid_namespace *pid_ns;
};

#pragma clang attribute pop

static __always_inline int is_machines_proc(struct super_block *sb)
{
	struct super_block___info *with_info = (void *)sb;
	struct proc_fs_info *info = BPF_CORE_READ(with_info, s_fs_info);

	return BPF_CORE_READ(info, pid_ns, ns.inum) == INIT_PID_NS;
}

/* By name: devtmpfs, one for the machine, has the magic of tmpfs. */
static __always_inline int is_containers(struct super_block *sb)
{
	union file_name name = {};

	if (BPF_CORE_READ(sb, s_user_ns, level))
		return 1;
	bpf_probe_read_kernel_str(name.text, sizeof(name.text), BPF_CORE_READ(sb, s_type, name));
	switch (name.words[0]) {
	case WORD('t', 'm', 'p', 'f', 's', 0, 0, 0):
	case WORD('o', 'v', 'e', 'r', 'l', 'a', 'y', 0):
	case WORD('d', 'e', 'v', 'p', 't', 's', 0, 0):
	case WORD('m', 'q', 'u', 'e', 'u', 'e', 0, 0):
		return 1;
	case WORD4('p', 'r', 'o', 'c'):
		return !is_machines_proc(sb);
	}
	return 0;
}

static __always_inline __u32 control_of_file_system(struct super_block *sb)
{
	switch (BPF_CORE_READ(sb, s_magic)) {
	case SYSFS_MAGIC:
		return KS_CONTROL_SYSFS;
	case CGROUP_MAGIC:
	case CGROUP2_MAGIC:
		return KS_CONTROL_CGROUPS;
	}
	return BPF_CORE_READ(sb, s_type, fs_flags) & FS_REQUIRES_DEV ? KS_CONTROL_BLOCK_DEVICES : 0;
}

/* A runtime's process on its way into a container makes that one's mounts, and has no record until its exec. */
static __always_inline int is_runtime(void)
{
	struct task_struct *task = current_task();

	return !process_of(task) && is_starting(task, scope_of(task));
}

static __always_inline int judge_file_system(struct super_block *sb, int again)
{
	if (!current_scope() || is_containers(sb) || is_runtime())
		return 0;
	return judge_control(control_of_file_system(sb), KS_WAY_KERNEL_FILE, KS_FILE_SYSTEM, again);
}

#endif
