/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of the entries below /proc/P, and the way to a process's memory that each is.
 *
 * The list names harmless entries: an entry that is not in it is a way (KS_WAY_PROC_FILE), those included that a later
 * kernel adds. All names come from the kernel's own tables (fs/proc/base.c, tgid_base_stuff and tid_base_stuff): no
 * rename, mount or link changes them.
 */
#ifndef KERNELSEAL_PROC_NAME_H
#define KERNELSEAL_PROC_NAME_H

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

#endif
