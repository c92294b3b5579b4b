// SPDX-License-Identifier: GPL-2.0
/*
 * Refuses the ways to another process's memory (rows 1, 2, 3, 5 and 14 of the mediation table).
 *
 *   file_open            do_dentry_open(): /proc/P/{environ,mem,maps,...} by any name, mount or descriptor.
 *                        The only place that holds on every kernel: newer kernels' mm_access() lets a perfmon-capable
 *                        reader through before any ptrace check.
 *   ptrace_access_check  ptrace_may_access(): attach, process_vm_readv/writev, pidfd_getfd, kcmp
 *   ptrace_traceme       PTRACE_TRACEME: no process becomes the tracer of a sealed one
 */
#include "emit.h"
#include "hook.h"
#include "current_call.h"
#include "identity.h"
#include "kernel_file.h"
#include "opening.h"
#include "proc_entry.h"
#include "proof.h"

/* The process a procfs inode stands for; NULL for entries that belong to none. */
static __always_inline struct task_struct *procfs_task(struct inode *inode)
{
	struct proc_inode *proc = (void *)inode - bpf_core_field_offset(struct proc_inode, vfs_inode);
	struct pid *pid = BPF_CORE_READ(proc, pid);
	struct hlist_node *first;

	if (!pid)
		return NULL;
	bpf_core_read(&first, sizeof(first), &pid->tasks[PIDTYPE_PID].first);
	if (!first)
		return NULL;
	return (void *)first - bpf_core_field_offset(struct task_struct, pid_links);
}

static __always_inline __u32 switch_of(__u32 way)
{
	return way == KS_WAY_ENVIRON ? KS_BLOCK_ENVIRON : way == KS_WAY_MAPS ? KS_BLOCK_MAPS : KS_BLOCK_MEM;
}

/*
 * Monitoring lists the descriptors and maps of every process of a node all the time (cAdvisor, in the kubelet). From
 * outside a Pod that is refused like everything else, but is no news.
 */
static __always_inline int judge_agent_file(struct ks_process *process, struct ks_scope *scope,
					    struct task_struct *target, __u32 way, int again)
{
	if ((way == KS_WAY_MAPS || way == KS_WAY_PROC_FILE) && current_scope() != process->scope)
		return scope->mode == KS_ENFORCE ? -EPERM : 0;
	return judge(scope, process, target, 1, KS_WAY_AGENT_FILE, way, 0, again);
}

/* Whether `current` may read `target`'s data that `way` shows. */
static __always_inline int judge_file(struct ks_process *process, struct ks_scope *scope, struct task_struct *target,
				      __u32 way, int again)
{
	int self = same_memory(current_task(), target);

	if (process->flags & KS_AGENT)
		return self ? 0 : judge_agent_file(process, scope, target, way, again);
	if (self && ((way != KS_WAY_ENVIRON && way != KS_WAY_MEM) || (scope->switches & KS_ALLOW_SELF_READ)))
		return 0;
	if (is_agent_of(process->scope))
		return 0;
	return judge(scope, process, target, !!(scope->switches & switch_of(way)), way, 0, 0, again);
}

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
		return opened ? 0 : judge_unwalked(file, inode, target, again);
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope || (opened && scope->mode != KS_ENFORCE)) /* reported at file_open */
		return 0;
	way = way_opened(file, inode, process);
	return way ? judge_file(process, scope, target, way, again) : 0;
}

/* One program for every open of the node: a file on no file system of the kernel's own leaves after two reads. */
ENFORCE(guard_open, file_open, security_file_open, (file), struct file *file)
{
	struct inode *inode = file->f_inode;
	unsigned long magic = inode->i_sb->s_magic;

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

/* Refusals by the mode alone. READ by file-system credentials is procfs's own question: judge_underway. */
static __always_inline int ptrace_switched_on(__u32 switches, unsigned int mode)
{
	if (mode & PTRACE_MODE_REALCREDS)
		return !!(switches & (KS_BLOCK_PTRACE | KS_BLOCK_MEM));
	if (mode & PTRACE_MODE_ATTACH)
		return !!(switches & KS_BLOCK_MEM);
	return 0;
}

/*
 * Judges by the origin of the check. runc reads /proc/<init>/ns that way, ps and cadvisor more, so procfs is
 * answered by the entry that it is at. It can only add a refusal. A call that is not known to look at files
 * is refused.
 */
static __always_inline int judge_underway(struct ks_process *process, struct ks_scope *scope, struct task_struct *child,
					  unsigned int mode, int again)
{
	__u32 way;

	if (is_walking()) {
		way = scope->mode == KS_ENFORCE ? way_walked() : KS_WAY_NONE; /* reported at file_open */
		return way ? judge_file(process, scope, child, way, again) : 0;
	}
	if ((mode & (PTRACE_MODE_ATTACH | PTRACE_MODE_REALCREDS)) || is_looking_at_files())
		return 0;
	return judge(scope, process, child, !!(scope->switches & (KS_BLOCK_PTRACE | KS_BLOCK_MEM)), KS_WAY_MEMORY_CALL,
		     mode, !!(mode & PTRACE_MODE_NOAUDIT), again);
}

/*
 * The canary has the agent's root and mounts, so no other process may see anything of it. The agent that
 * plays a stranger is judged by the rules for any sealed process: it tries exactly these.
 */
static __always_inline int is_agent_or_blind(__u32 scope)
{
	struct ks_process *self = process_of(current_task());

	return self && (self->flags & KS_AGENT) && self->scope == scope;
}

/*
 * No process gets anything of the agent, in any mode. But a runtime, outside of the scope, starts an exec probe in
 * the agent's container by the namespaces of its init.
 */
static __always_inline int judge_agent(struct ks_process *process, struct ks_scope *scope, struct task_struct *child,
				       unsigned int mode, int again)
{
	if (!(mode & (PTRACE_MODE_ATTACH | PTRACE_MODE_REALCREDS)) && is_walking() && is_at_namespaces() &&
	    current_scope() != process->scope)
		return 0;
	return judge(scope, process, child, 1, KS_WAY_PTRACE, mode, !!(mode & PTRACE_MODE_NOAUDIT), again);
}

/*
 * A visitor, or another container, that may write into an application's process which holds no secret: its
 * later children may be the visitor's, and it counts as a visitor itself. (Also when another program refuses
 * the access after us: no process had reason to try.)
 */
static __always_inline void lose_lineage(struct ks_process *process, unsigned int mode)
{
	struct ks_process *self = process_of(current_task());
	struct ks_scope *scope;

	if (!(mode & PTRACE_MODE_ATTACH) || !(process->flags & KS_WORKLOAD))
		return;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope || (scope->switches & KS_HOST))
		return;
	if (self && self->scope == process->scope &&
	    ((self->flags & KS_AGENT) || ((self->flags & KS_WORKLOAD) && self->container == process->container)))
		return;
	process->flags = (process->flags & ~KS_WORKLOAD) | KS_VISITOR;
}

ENFORCE(guard_ptrace, ptrace_access_check, security_ptrace_access_check, (child, mode), struct task_struct *child,
	unsigned int mode)
{
	struct ks_process *process = process_of(child);
	struct ks_scope *scope;
	int silent = !!(mode & PTRACE_MODE_NOAUDIT), verdict = 0;

	if (!process)
		return mode & (PTRACE_MODE_ATTACH | PTRACE_MODE_REALCREDS) ? judge_starting(child, mode, silent, again)
									   : 0;
	if (!is_guarded(process)) {
		lose_lineage(process, mode);
		return 0;
	}
	if (same_memory(current_task(), child))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope)
		return 0;
	if (process->flags & KS_AGENT)
		return judge_agent(process, scope, child, mode, again);
	if ((process->flags & KS_CANARY) && !is_agent_or_blind(process->scope))
		return judge(scope, process, child, 1, KS_WAY_PTRACE, mode, silent, again);
	if (is_agent_of(process->scope))
		return 0;
	if ((mode & (PTRACE_MODE_ATTACH | PTRACE_MODE_REALCREDS)) && !is_joining_namespaces())
		verdict = judge(scope, process, child, ptrace_switched_on(scope->switches, mode), KS_WAY_PTRACE, mode,
				silent, again);
	return verdict ?: judge_underway(process, scope, child, mode, again);
}

ENFORCE(guard_traceme, ptrace_traceme, security_ptrace_traceme, (parent), struct task_struct *parent)
{
	struct task_struct *task = current_task();
	struct ks_process *process = process_of(task);
	struct ks_scope *scope;

	if (!process || !(process->flags & KS_SEALED))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope)
		return 0;
	return judge(scope, process, task, !!(scope->switches & KS_BLOCK_PTRACE), KS_WAY_TRACEME, 0, 0, again);
}

char LICENSE[] SEC("license") __weak = "GPL";
