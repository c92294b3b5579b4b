/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which way to a process's memory an entry below /proc/P is, by its name and its directory's.
 *
 * The list names harmless entries: an entry that is not in it is a way (KS_WAY_PROC_FILE), those included that a later
 * kernel adds. All names come from the kernel's own tables (fs/proc/base.c, tgid_base_stuff and tid_base_stuff): no
 * rename, mount or link changes them.
 */
#ifndef KERNELSEAL_PROC_ENTRY_H
#define KERNELSEAL_PROC_ENTRY_H

#include "scope.h"

/* Up to 15 characters; a longer name is cut, and then in no list. */
union entry_name {
	char text[16];
	__u64 words[2];
};

#define W(a, b, c, d, e, f, g, h)                                                                                      \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 | (__u64)(f) << 40 |    \
	 (__u64)(g) << 48 | (__u64)(h) << 56)

/* Names of nine characters and more, and with each the tool that reads it of other processes. */
static __always_inline __u32 way_of_long(const union entry_name *name)
{
	__u64 first = name->words[0], rest = name->words[1];

#define LONG(way, a, b, c, d, e, f, g, h, tail)                                                                        \
	if (first == W(a, b, c, d, e, f, g, h) && rest == (tail))                                                      \
	return way
	LONG(KS_WAY_MAPS, 's', 'm', 'a', 'p', 's', '_', 'r', 'o', W('l', 'l', 'u', 'p', 0, 0, 0, 0));
	LONG(KS_WAY_MAPS, 'm', 'a', 'p', '_', 'f', 'i', 'l', 'e', 's');
	LONG(KS_WAY_MAPS, 'n', 'u', 'm', 'a', '_', 'm', 'a', 'p', 's');
	LONG(KS_WAY_NONE, 'o', 'o', 'm', '_', 's', 'c', 'o', 'r', 'e');					/* htop */
	LONG(KS_WAY_NONE, 'o', 'o', 'm', '_', 's', 'c', 'o', 'r', W('e', '_', 'a', 'd', 'j', 0, 0, 0)); /* systemd */
	LONG(KS_WAY_NONE, 's', 'c', 'h', 'e', 'd', 's', 't', 'a', 't');				    /* node_exporter */
	LONG(KS_WAY_NONE, 's', 'e', 's', 's', 'i', 'o', 'n', 'i', 'd');				    /* logind */
	LONG(KS_WAY_NONE, 'm', 'o', 'u', 'n', 't', 'i', 'n', 'f', 'o');				    /* findmnt, runc */
	LONG(KS_WAY_NONE, 'm', 'o', 'u', 'n', 't', 's', 't', 'a', W('t', 's', 0, 0, 0, 0, 0, 0));   /* mountstats */
	LONG(KS_WAY_NONE, 'a', 'u', 't', 'o', 'g', 'r', 'o', 'u', 'p');				    /* htop */
	LONG(KS_WAY_NONE, 's', 'e', 't', 'g', 'r', 'o', 'u', 'p', 's');				    /* newgidmap */
	LONG(KS_WAY_NONE, 'p', 'r', 'o', 'j', 'i', 'd', '_', 'm', W('a', 'p', 0, 0, 0, 0, 0, 0));   /* podman */
	LONG(KS_WAY_NONE, 'p', 'e', 'r', 's', 'o', 'n', 'a', 'l', W('i', 't', 'y', 0, 0, 0, 0, 0)); /* setarch */
	LONG(KS_WAY_NONE, 't', 'i', 'm', 'e', 'n', 's', '_', 'o', W('f', 'f', 's', 'e', 't', 's', 0, 0)); /* lsns */
#undef LONG
	return KS_WAY_PROC_FILE;
}

/* An entry of /proc/P or /proc/P/task/T. */
static __always_inline __u32 way_of_name(const union entry_name *name)
{
	if (name->words[1])
		return way_of_long(name);
	switch (name->words[0]) {
	case W('e', 'n', 'v', 'i', 'r', 'o', 'n', 0):
		return KS_WAY_ENVIRON;
	case W('m', 'e', 'm', 0, 0, 0, 0, 0):
		return KS_WAY_MEM;
	case W('m', 'a', 'p', 's', 0, 0, 0, 0):
	case W('s', 'm', 'a', 'p', 's', 0, 0, 0):
	case W('a', 'u', 'x', 'v', 0, 0, 0, 0):
	case W('s', 't', 'a', 'c', 'k', 0, 0, 0):
	case W('s', 'y', 's', 'c', 'a', 'l', 'l', 0):
	case W('p', 'a', 'g', 'e', 'm', 'a', 'p', 0):
	case W('f', 'd', 0, 0, 0, 0, 0, 0):
	case W('f', 'd', 'i', 'n', 'f', 'o', 0, 0):
		return KS_WAY_MAPS;
	/* ps, top, pgrep, cAdvisor, node_exporter, systemd */
	case W('s', 't', 'a', 't', 0, 0, 0, 0):
	case W('s', 't', 'a', 't', 'm', 0, 0, 0):
	case W('s', 't', 'a', 't', 'u', 's', 0, 0):
	case W('c', 'o', 'm', 'm', 0, 0, 0, 0):
	case W('c', 'm', 'd', 'l', 'i', 'n', 'e', 0):
	case W('c', 'g', 'r', 'o', 'u', 'p', 0, 0):
	case W('c', 'p', 'u', 's', 'e', 't', 0, 0):
	case W('l', 'i', 'm', 'i', 't', 's', 0, 0):
	case W('i', 'o', 0, 0, 0, 0, 0, 0):
	case W('s', 'c', 'h', 'e', 'd', 0, 0, 0):
	case W('w', 'c', 'h', 'a', 'n', 0, 0, 0):
	case W('l', 'o', 'g', 'i', 'n', 'u', 'i', 'd'):
	/* findmnt, container runtimes, lsns */
	case W('m', 'o', 'u', 'n', 't', 's', 0, 0):
	case W('u', 'i', 'd', '_', 'm', 'a', 'p', 0):
	case W('g', 'i', 'd', '_', 'm', 'a', 'p', 0):
	case W('t', 'i', 'm', 'e', 'r', 's', 0, 0):
	case W('c', 'h', 'i', 'l', 'd', 'r', 'e', 'n'):
	/* directories whose entries are looked at by themselves */
	case W('t', 'a', 's', 'k', 0, 0, 0, 0):
	case W('n', 'e', 't', 0, 0, 0, 0, 0):
	case W('n', 's', 0, 0, 0, 0, 0, 0):
	case W('a', 't', 't', 'r', 0, 0, 0, 0):
		return KS_WAY_NONE;
	}
	return KS_WAY_PROC_FILE;
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
