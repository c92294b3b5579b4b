// SPDX-License-Identifier: GPL-2.0
/*
 * Refuses the entries of procfs that show another process's memory, and the kernel's files that show any memory (rows
 * 1, 2, 5 and 14 of docs/kernels.md).
 *
 *   file_open            do_dentry_open(): /proc/P/{environ,mem,maps,...} by any name, mount or descriptor.
 *                        The only place that holds on every kernel: newer kernels' mm_access() lets a perfmon-capable
 *                        reader through before any ptrace check.
 *   file_post_open       the same once the kernel has taken the memory, for a process that was sealed in between
 *   inode_readlink       readlink(2) of /proc/P/{fd,map_files}: the name of an open file, without opening or following
 */
#include "judge.h"
#include "hook.h"
#include "../machine/kernel_file.h"
#include "opening.h"
#include "proc_access.h"
#include "proc_entry.h"
#include "proof.h"
#include "unwalked.h"
#include "writing.h"

/* The way that an open of a guarded process's entry is. Writing is one for every entry: the kernel acts on it. */
static __always_inline __u32 way_opened(struct file *file, struct inode *inode, const struct ks_process *process)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	__u32 way = way_of_entry(dentry, inode->i_mode);

	if (way == KS_WAY_ENVIRON || way == KS_WAY_MEM)
		return way;
	if (file->f_mode & FMODE_WRITE)
		return KS_WAY_PROC_WRITE;
	if (process->flags & KS_AGENT)
		return is_open_of_agent(dentry, inode->i_mode) ? KS_WAY_NONE : way ?: KS_WAY_PROC_FILE;
	if ((process->flags & KS_VALUE_FIRST) && is_title(dentry))
		return KS_WAY_PROC_FILE;
	return way;
}

/*
 * Fanotify has the kernel open a file for its listener by the file's own path (dentry_open), when the listener reads
 * the event: no check follows once the memory is taken, neither file_post_open nor, for a listener with CAP_PERFMON on
 * newer kernels, a ptrace check. So entries that end in mm_access() are not opened that way, for any target.
 */
static __always_inline int judge_unwalked(struct file *file, struct inode *inode, struct task_struct *target, int again)
{
	struct ks_scope *scope;
	__u32 node = 0, way;

	if (is_walking() || same_memory(current_task(), target))
		return 0;
	way = way_of_entry(BPF_CORE_READ(file, f_path.dentry), inode->i_mode);
	if (way != KS_WAY_ENVIRON && way != KS_WAY_MEM && way != KS_WAY_MAPS)
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &node);
	return scope ? judge_in(current_scope(), scope, NULL, NULL, 1, KS_WAY_NOTIFY, way, 0, again) : 0;
}

static __always_inline int judge_unguarded(struct file *file, struct inode *inode, struct task_struct *target,
					   struct ks_process *process, int again)
{
	int verdict = judge_unwalked(file, inode, target, again);

	if (!verdict && process && open_may_write(file, inode))
		verdict = judge_writing(process, target, again);
	return verdict;
}

static __always_inline int procfs_verdict(struct file *file, struct inode *inode, int opened, int again)
{
	struct task_struct *target = procfs_task(inode);
	struct ks_process *process;
	struct ks_scope *scope;
	__u32 way;

	if (!target)
		return opened ? 0 : kernel_proc_verdict(file, inode, again);
	process = process_of(target);
	if (!process || !is_guarded(process))
		return opened ? 0 : judge_unguarded(file, inode, target, process, again);
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope || (opened && scope->mode != KS_ENFORCE && !(process->flags & KS_AGENT))) /* reported at file_open */
		return 0;
	way = way_opened(file, inode, process);
	return way ? judge_file(process, scope, target, way, again) : 0;
}

/* One program for every open of the node: a file on no file system of the kernel's own leaves after three reads. */
ENFORCE(guard_open, file_open, security_file_open, (file), struct file *file)
{
	struct inode *inode = file->f_inode;
	unsigned long magic = inode->i_sb->s_magic;
	int verdict = judge_elsewhere(file, magic, again);

	if (verdict)
		return verdict;
	if (file->f_flags & OPENED_TO_EXEC)
		mark_exec_open();
	if (magic == PROC_SUPER_MAGIC)
		return procfs_verdict(file, inode, 0, again);
	return kernel_file_verdict(file, inode, magic, again);
}

ENFORCE(guard_opened, file_post_open, security_file_post_open, (file, mask), struct file *file, int mask)
{
	struct inode *inode = file->f_inode;

	return inode->i_sb->s_magic == PROC_SUPER_MAGIC ? procfs_verdict(file, inode, 1, again) : 0;
}

/*
 * The walk is over when a link is read, so that the ptrace check behind this hook (proc_fd_access_allowed) cannot tell
 * which entry it is for. A link is answered by the directory that holds it, as when it is followed (opening.h).
 */
ENFORCE(guard_readlink, inode_readlink, security_inode_readlink, (dentry), struct dentry *dentry)
{
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	struct task_struct *target;
	struct ks_process *process;
	struct ks_scope *scope;
	__u32 way;

	if (BPF_CORE_READ(inode, i_sb, s_magic) != PROC_SUPER_MAGIC)
		return 0;
	target = procfs_task(inode);
	process = target ? process_of(target) : NULL;
	if (!process || !is_guarded(process))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	way = scope ? way_of_entry(BPF_CORE_READ(dentry, d_parent), S_IFDIR) : KS_WAY_NONE;
	return way ? judge_file(process, scope, target, way, again) : 0;
}

char LICENSE[] SEC("license") __weak = "GPL";
