/* SPDX-License-Identifier: GPL-2.0 */
/* Whose an entry below /proc/P is, and which way to the memory, by its name (proc_name.h) and its directory's. */
#ifndef KERNELSEAL_PROC_ENTRY_H
#define KERNELSEAL_PROC_ENTRY_H

#include "proc_name.h"

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

static __always_inline int is_number(const union entry_name *name)
{
	return name->text[0] >= '0' && name->text[0] <= '9';
}

/* /proc/P/attr and its folders for one security module each: for `ps -Z`. */
static __always_inline int is_attr(const union entry_name *directory)
{
	__u64 first = directory->words[0];

	return !directory->words[1] &&
	       (first == W('a', 't', 't', 'r', 0, 0, 0, 0) || first == W('a', 'p', 'p', 'a', 'r', 'm', 'o', 'r') ||
		first == W('s', 'm', 'a', 'c', 'k', 0, 0, 0) || first == W('s', 'e', 'l', 'i', 'n', 'u', 'x', 0));
}

static __always_inline void read_name(union entry_name *name, struct dentry *dentry)
{
	bpf_probe_read_kernel_str(name->text, sizeof(name->text), BPF_CORE_READ(dentry, d_name.name));
}

/* @mode: the inode's. Entries below net/ belong to no process and do not get here. */
static __always_inline __u32 way_of_entry(struct dentry *dentry, unsigned short mode)
{
	union entry_name name = {}, directory = {};
	int is_directory = (mode & S_IFMT) == S_IFDIR;

	read_name(&name, dentry);
	if (is_directory && is_number(&name)) /* /proc/P, /proc/P/task/T */
		return KS_WAY_NONE;
	read_name(&directory, BPF_CORE_READ(dentry, d_parent));
	if (is_number(&directory))
		return way_of_name(&name);
	if (is_attr(&directory))
		return is_directory || name.words[0] == W('c', 'u', 'r', 'r', 'e', 'n', 't', 0) ? KS_WAY_NONE
												: KS_WAY_PROC_FILE;
	if (directory.words[0] == W('f', 'd', 'i', 'n', 'f', 'o', 0, 0))
		return KS_WAY_MAPS;
	return KS_WAY_PROC_FILE;
}

/*
 * A program that overwrites the NUL behind its last argument has the kernel show the bytes behind it, up to
 * the next NUL, as its title (get_mm_proctitle in fs/proc/base.c): the first string of its environment.
 */
static __always_inline int is_title(struct dentry *dentry)
{
	union entry_name name = {};

	read_name(&name, dentry);
	return name.words[0] == W('c', 'm', 'd', 'l', 'i', 'n', 'e', 0);
}

/* Of the agent: entries for process lists and the kubelet's statistics, and the directories on the way to ns/pid. */
static __always_inline int is_open_of_agent(struct dentry *dentry, unsigned short mode)
{
	union entry_name name = {}, directory = {};

	read_name(&name, dentry);
	read_name(&directory, BPF_CORE_READ(dentry, d_parent));
	if (name.words[1])
		return 0;
	if (!is_number(&directory))
		return is_number(&name) && (mode & S_IFMT) == S_IFDIR;
	switch (name.words[0]) {
	case W('s', 't', 'a', 't', 0, 0, 0, 0):
	case W('s', 't', 'a', 't', 'm', 0, 0, 0):
	case W('s', 't', 'a', 't', 'u', 's', 0, 0):
	case W('c', 'o', 'm', 'm', 0, 0, 0, 0):
	case W('c', 'm', 'd', 'l', 'i', 'n', 'e', 0):
	case W('c', 'g', 'r', 'o', 'u', 'p', 0, 0):
	case W('t', 'a', 's', 'k', 0, 0, 0, 0):
	case W('n', 's', 0, 0, 0, 0, 0, 0):
		return 1;
	}
	return 0;
}

#endif
