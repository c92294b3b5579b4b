/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Access that may write into the memory of a process of an application which holds no value: its later children may be
 * the writer's, so it counts as a visitor from then on. Looks, by a profiler or `cat`, change nothing of it.
 *
 * Asked where procfs entries are opened, which tells reading from writing, and at every check of ptrace: there the
 * call or the entry walked to does. Access of a kind that is not known to read counts as writing.
 */
#ifndef KERNELSEAL_WRITING_H
#define KERNELSEAL_WRITING_H

#include "../current_call.h"
#include "identity.h"
#include "lineage.h"
#include "opening.h"

/* `ps` of every process: the answer decides about three addresses in /proc/P/stat (do_task_stat), and opens nothing. */
static __always_inline int asks_in_passing(unsigned int mode)
{
	return (mode & (PTRACE_MODE_NOAUDIT | PTRACE_MODE_ATTACH | PTRACE_MODE_REALCREDS)) == PTRACE_MODE_NOAUDIT;
}

/*
 * Whether what a check of ptrace is for may write. An entry walked to is judged when it opens. Not a link to memory,
 * which asks with READ and then leaves procfs: a descriptor of that memory counts, however it is opened, since its
 * owner may open it again for writing by its own /proc/self/fd.
 */
static __always_inline int check_may_write(struct task_struct *target, unsigned int mode)
{
	if (is_walking())
		return is_at_memory(target) && !is_asking_about_file();
	if (mode & PTRACE_MODE_REALCREDS) /* READ by these changes nothing: kcmp, get_robust_list, setns */
		return (mode & PTRACE_MODE_ATTACH) && !is_reading_memory();
	return !asks_in_passing(mode) && !is_looking_at_files();
}

/* Entries that show memory or are rare, and whose writing changes settings: monitoring resets `referenced` by the
 * first. */
static __always_inline int is_setting(struct dentry *dentry)
{
	union entry_name name = {};
	__u64 first, rest;

	read_name(&name, dentry);
	first = name.words[0];
	rest = name.words[1];
	return (first == W('c', 'l', 'e', 'a', 'r', '_', 'r', 'e') && rest == W('f', 's', 0, 0, 0, 0, 0, 0)) ||
	       (first == W('c', 'o', 'r', 'e', 'd', 'u', 'm', 'p') &&
		rest == W('_', 'f', 'i', 'l', 't', 'e', 'r', 0)) ||
	       (first == W('t', 'i', 'm', 'e', 'r', 's', 'l', 'a') && rest == W('c', 'k', '_', 'n', 's', 0, 0, 0)) ||
	       (first == W('o', 'o', 'm', '_', 'a', 'd', 'j', 0) && !rest);
}

/* The same for an open of a procfs entry. Those that are harmless to read change no memory when they are written. */
static __always_inline int open_may_write(struct file *file, struct inode *inode)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);

	return (file->f_mode & FMODE_WRITE) && way_of_entry(dentry, inode->i_mode) && !is_setting(dentry);
}

/* Whether `current` has business with the memory of a process: as its agent, or as part of one application. */
static __always_inline int may_steer(struct ks_process *process, struct task_struct *target)
{
	struct ks_process *self = process_of(current_task());

	if (self && self->scope == process->scope &&
	    ((self->flags & KS_AGENT) || ((flags_of(self) & KS_WORKLOAD) && self->container == process->container)))
		return 1;
	return is_agent_of(process->scope) || same_memory(current_task(), target);
}

/* In every mode: an administrator has to find why a program was started with placeholders. */
static __always_inline void report_loss(struct ks_process *process, struct task_struct *target)
{
	struct ks_access *access;

	count(process->scope, KS_N_LINEAGES_LOST);
	access = access_start(process->scope, target);
	if (!access)
		return;
	access->action = KS_ALLOWED;
	access->way = KS_WAY_MEMORY_WRITE;
	access->target.flags = flags_of(process);
	event_submit(access);
}

/*
 * Ends the lineage of a process that `current` may be about to write into. (Also when another program refuses the
 * access after us: no process had reason to try.) Refuses the access where it cannot be told which process owns the
 * memory: a visitor may share that of an application too.
 */
static __always_inline int judge_writing(struct ks_process *process, struct task_struct *target, int again)
{
	struct ks_scope *scope;

	if (!(flags_of(process) & (KS_WORKLOAD | KS_SHARING)))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope || (scope->switches & KS_HOST) || may_steer(process, target))
		return 0;
	if (!is_owner_known(process, target) && judge(scope, process, target, 1, KS_WAY_MEMORY_WRITE, 0, 0, again))
		return -EPERM;
	if (lose_lineage_of(process, target))
		report_loss(process, target);
	return 0;
}

#endif
