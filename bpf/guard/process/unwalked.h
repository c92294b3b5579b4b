/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files that the kernel opens for `current` by a path it was handed (dentry_open), and not by one that it walked.
 *
 * Fanotify does so for its listener when the listener reads the event, with the mount of the process that was seen
 * opening. A file system is often one for the machine (cgroup2, sysfs, the disk below /etc/hosts), and from a folder on
 * the host's mount `..` leads to the host's root. So inside a scope such a file lies on a mount of the listener's own
 * mount namespace or on one of the kernel's own (pidfs, the layers of an overlay). A mount that has left its namespace
 * meanwhile may have been another's, and counts as one.
 */
#ifndef KERNELSEAL_UNWALKED_H
#define KERNELSEAL_UNWALKED_H

#include "../current_call.h"
#include "../report.h"
#include "opening.h"

#define MQUEUE_MAGIC 0x19800202 /* ipc/mqueue.c: mq_open(2) opens on a mount that is in no namespace */
#define DEVPTS_MAGIC 0x1cd1	/* include/uapi/linux/magic.h: TIOCGPTPEER opens on the mount of the master's */
#define MAX_ERRNO 4095		/* MNT_NS_INTERNAL is an error's number as an address (fs/mount.h) */

static __always_inline int is_elsewhere(struct file *file, unsigned long magic)
{
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
	struct mount *mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
	struct mnt_namespace *ns = BPF_CORE_READ(mount, mnt_ns);

	if ((unsigned long)ns >= (unsigned long)-MAX_ERRNO || ns == BPF_CORE_READ(current_task(), nsproxy, mnt_ns))
		return 0;
	if (!ns && magic == MQUEUE_MAGIC)
		return 0;
	return magic != DEVPTS_MAGIC || !is_in_ioctl();
}

/* A machine's own listeners see the mounts of its containers: virus scanners do. */
static __always_inline int judge_elsewhere(struct file *file, unsigned long magic, int again)
{
	struct ks_scope *scope;
	__u32 inum;

	if (is_walking())
		return 0;
	inum = current_scope();
	if (!inum || !is_elsewhere(file, magic) || (inum == INIT_PID_NS && in_machine_pid_ns()))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &inum);
	if (!scope || is_agent(process_of(current_task())))
		return 0;
	return judge_in(inum, scope, NULL, NULL, 1, KS_WAY_NOTIFY, 0, 0, again);
}

#endif
