/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files that change the kernel itself, for the whole machine: refused for writing inside a scope, unless they stand in
 * a short list of harmless files, or the policy's `kernelControl` names their kind.
 *
 * The rule is about kinds of file systems and not about single files: one word written to
 * /proc/sys/kernel/ftrace_enabled switches off every program of ours, and the next kernel has other such files.
 * Harmless are settings that a namespace of the writer's own holds (proc_sys_permission, kernel/ucount.c,
 * ipc/ipc_sysctl.c, net/sysctl_net.c), and the files of one's own control group (control_group.h).
 *
 * A whole machine's scope refuses the same to processes in PID namespaces below its own. Of the machine's processes
 * it reports writes, but not of those that service managers do all day: control groups, sysfs and devices.
 */
#ifndef KERNELSEAL_KERNEL_CONTROL_H
#define KERNELSEAL_KERNEL_CONTROL_H

#include "judge.h"
#include "sysctl.h"
#include "../report.h"

/* include/uapi/linux/magic.h */
#define SYSFS_MAGIC 0x62656572
#define SECURITYFS_MAGIC 0x73636673
#define DEBUGFS_MAGIC 0x64626720
#define BINFMTFS_MAGIC 0x42494e4d
#define CONFIGFS_MAGIC 0x62656570 /* fs/configfs/mount.c */
#define EFIVARFS_MAGIC 0xde5e81e4
#define PSTOREFS_MAGIC 0x6165676c
#define CGROUP_MAGIC 0x27e0eb
#define CGROUP2_MAGIC 0x63677270

static __always_inline struct pid *pid_of_entry(struct inode *inode)
{
	struct proc_inode *proc = (void *)inode - bpf_core_field_offset(struct proc_inode, vfs_inode);

	return BPF_CORE_READ(proc, pid);
}

/*
 * A file of procfs that stands for no process. Below /proc/P stand those of its network namespace; /proc/pressure is
 * written by programs that wait for pressure (Documentation/accounting/psi.rst).
 */
static __always_inline int control_of_proc(struct dentry *file, __u32 *kind)
{
	struct place place;
	union file_name top;
	struct dentry *first;

	*kind = KS_FILE_PROC;
	if (!place_of(&place, file))
		return 0;
	first = place.top;
	if (pid_of_entry(BPF_CORE_READ(first, d_inode)))
		return -1;
	name_of_dentry(&top, first);
	if (top.words[0] == WORD('p', 'r', 'e', 's', 's', 'u', 'r', 'e') && !top.words[1])
		return -1;
	if (top.words[0] != WORD3('s', 'y', 's'))
		return 0;
	*kind = KS_FILE_SYSCTL;
	return control_of_sysctl(&place, file);
}

/* Hibernation writes all memory to a disk, and an uevent helper is a program that the kernel starts: never. */
static __always_inline int control_of_sysfs(struct dentry *file)
{
	union file_name top, name;
	struct place place;

	if (!place_of(&place, file))
		return 0;
	name_of_dentry(&top, place.top);
	name_of_dentry(&name, file);
	if (top.words[0] == WORD('p', 'o', 'w', 'e', 'r', 0, 0, 0) ||
	    (name.words[0] == WORD('u', 'e', 'v', 'e', 'n', 't', '_', 'h')))
		return 0;
	return KS_CONTROL_SYSFS;
}

/* Done all day by programs that manage the machine that is the scope. */
static __always_inline int is_of_managers(__u32 way, __u32 detail)
{
	if (way == KS_WAY_CAPABILITY)
		return detail == KS_CALL_MODULE || detail == KS_CALL_FILE_IOCTL;
	return detail == KS_FILE_SYSFS || detail == KS_FILE_CGROUP || detail == KS_FILE_BLOCK_DEVICE ||
	       detail == KS_FILE_OTHER_DEVICE || detail == KS_FILE_SYSTEM;
}

/* @control: the bit of enum ks_control that permits it; 0: none does. */
static __always_inline int judge_control(__u32 control, __u32 way, __u32 detail, int again)
{
	__u32 inum = current_scope();
	struct ks_scope *scope = inum ? bpf_map_lookup_elem(&scopes, &inum) : NULL;

	if (!scope || (scope->kernel_control & control) || is_agent(process_of(current_task())))
		return 0;
	if (inum != INIT_PID_NS || !in_machine_pid_ns())
		return judge_in(inum, scope, NULL, NULL, 1, way, detail, 0, again);
	if (again || scope->mode == KS_DISABLED || is_of_managers(way, detail))
		return 0;
	return report_host(inum, way, detail);
}

static __always_inline int judge_control_file(int control, __u32 kind, int again)
{
	return control < 0 ? 0 : judge_control(control, KS_WAY_KERNEL_FILE, kind, again);
}

#endif
