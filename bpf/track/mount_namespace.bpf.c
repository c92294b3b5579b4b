// SPDX-License-Identifier: GPL-2.0
/*
 * Marks the mount namespaces that processes of a scope make or join, so that no container begins in one
 * (lib/entered.h).
 *
 *   copy_mnt_ns, fexit      clone(2), unshare(2): the namespace is complete, and its maker not in it yet
 *   mntns_install, fentry   setns(2)
 */
#include "entered.h"

static __always_inline int at_copy(struct mnt_namespace *old, struct mnt_namespace *made)
{
	if (made != old) /* all of clone and unshare that make any namespace come by */
		enter_namespace(made);
	return 0;
}

static __always_inline int at_join(struct ns_common *joined)
{
	enter_namespace((void *)joined - bpf_core_field_offset(struct mnt_namespace, ns));
	return 0;
}

/* Twice, for the reason that hook.h gives. */
SEC("fexit/copy_mnt_ns")
int BPF_PROG(enter_made, unsigned long flags, struct mnt_namespace *old, struct user_namespace *user,
	     struct fs_struct *fs, struct mnt_namespace *made)
{
	return at_copy(old, made);
}

SEC("fexit/copy_mnt_ns")
int BPF_PROG(enter_made_2, unsigned long flags, struct mnt_namespace *old, struct user_namespace *user,
	     struct fs_struct *fs, struct mnt_namespace *made)
{
	return at_copy(old, made);
}

SEC("fentry/mntns_install")
int BPF_PROG(enter_joined, void *set, struct ns_common *joined)
{
	return at_join(joined);
}

SEC("fentry/mntns_install")
int BPF_PROG(enter_joined_2, void *set, struct ns_common *joined)
{
	return at_join(joined);
}

char LICENSE[] SEC("license") __weak = "GPL";
