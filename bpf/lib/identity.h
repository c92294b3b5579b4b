/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who a process is: which container it belongs to, told by the mount namespace it entered by.
 *
 * A mount namespace is told apart by its sequence number, which the kernel gives once (fs/namespace.c, alloc_mnt_ns).
 * Its inode number is used again as soon as the namespace is gone.
 */
#ifndef KERNELSEAL_IDENTITY_H
#define KERNELSEAL_IDENTITY_H

#include "scope.h"

/* 0: a namespace without a number (that of mounts which are attached nowhere), or none that can be read. */
static __always_inline __u64 mount_ns_number(struct mnt_namespace *ns)
{
	struct mnt_namespace___with_seq *counted = (void *)ns;
	struct ns_common___with_id *common = (void *)ns + bpf_core_field_offset(struct mnt_namespace, ns);

	if (bpf_core_field_exists(counted->seq))
		return BPF_CORE_READ(counted, seq);
	return BPF_CORE_READ(common, ns_id);
}

static __always_inline __u64 mount_ns_of(struct task_struct *task)
{
	return mount_ns_number(BPF_CORE_READ(task, nsproxy, mnt_ns));
}

#endif
