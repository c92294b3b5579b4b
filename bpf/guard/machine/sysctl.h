/* SPDX-License-Identifier: GPL-2.0 */
/* Files below /proc/sys: which are settings of a namespace that the writer is in, and which are the whole machine's. */
#ifndef KERNELSEAL_SYSCTL_H
#define KERNELSEAL_SYSCTL_H

#include "file_place.h"

/* Of /proc/sys/kernel: of the UTS, IPC and PID namespaces. */
static __always_inline int is_namespaced_setting(const union file_name *name)
{
	__u64 first = name->words[0], rest = name->words[1];

	switch (first & FIRST(3)) {
	case WORD3('s', 'h', 'm'):
	case WORD3('m', 's', 'g'):
	case WORD3('s', 'e', 'm'):
		return 1;
	}
	return (first == WORD('h', 'o', 's', 't', 'n', 'a', 'm', 'e') && !rest) ||
	       (first == WORD('d', 'o', 'm', 'a', 'i', 'n', 'n', 'a') && rest == WORD3('m', 'e', 0)) ||
	       (first == WORD('n', 's', '_', 'l', 'a', 's', 't', '_') && rest == WORD3('p', 'i', 'd')) ||
	       (first == WORD('c', 'a', 'p', '_', 'l', 'a', 's', 't') && rest == WORD4('_', 'c', 'a', 'p'));
}

/* Limits of a user namespace (kernel/ucount.c): there they are the whole machine's. */
static __always_inline int in_machine_user_ns(void)
{
	return !BPF_CORE_READ(current_task(), cred, user_ns, level);
}

/* net/core/bpf_jit_harden and kin are no namespace's. */
static __always_inline int is_net_setting(const struct place *place, struct dentry *file)
{
	union file_name group, name;

	name_of_dentry(&group, place->third);
	name_of_dentry(&name, file);
	return !(group.words[0] == WORD4('c', 'o', 'r', 'e') &&
		 (name.words[0] & FIRST(4)) == WORD4('b', 'p', 'f', '_'));
}

/* The part of `kernelControl` that permits a file below /proc/sys; -1: it takes none. */
static __always_inline int control_of_sysctl(const struct place *place, struct dentry *file)
{
	union file_name part, name;

	name_of_dentry(&part, place->second);
	name_of_dentry(&name, place->third);
	switch (part.words[0]) {
	case WORD('k', 'e', 'r', 'n', 'e', 'l', 0, 0):
		return is_namespaced_setting(&name) ? -1 : 0;
	case WORD3('n', 'e', 't'):
		return is_net_setting(place, file) ? -1 : 0;
	case WORD4('u', 's', 'e', 'r'):
		return in_machine_user_ns() ? 0 : -1;
	case WORD3('v', 'm', 0):
		return KS_CONTROL_SYSCTL_VM;
	case WORD3('f', 's', 0): /* message queues are an IPC namespace's */
		return name.words[0] == WORD('m', 'q', 'u', 'e', 'u', 'e', 0, 0) ? -1 : KS_CONTROL_SYSCTL_FS;
	}
	return 0;
}

#endif
