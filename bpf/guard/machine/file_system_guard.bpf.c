// SPDX-License-Identifier: GPL-2.0
/*
 * Changes of a whole file system that the machine has too, refused inside a scope.
 *
 *   sb_remount   reconfigure_super(): mount(2) with MS_REMOUNT, and fspick(2) with fsconfig(2). A bpf file system that
 *                is read-only takes no new pins, and cgroup2 loses `nsdelegate`. Bind mounts that are made read-only
 *                (MS_BIND, mount_setattr) do not come by: they change one mount
 *   file_ioctl, file_ioctl_compat   FIFREEZE and kin: each writer of the disk waits, or fails
 */
#include "file_system.h"
#include "hook.h"

/* include/uapi/linux/fs.h; the last is EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN and others' */
#define FREEZE 0xc0045877
#define THAW 0xc0045878
#define SHUTDOWN 0x8004587d

ENFORCE(guard_remount, sb_remount, security_sb_remount, (sb, options), struct super_block *sb, void *options)
{
	return judge_file_system(sb, again);
}

static __always_inline int request_verdict(struct file *file, unsigned int request, int again)
{
	if (request != FREEZE && request != THAW && request != SHUTDOWN)
		return 0;
	return judge_file_system(BPF_CORE_READ(file, f_inode, i_sb), again);
}

ENFORCE(guard_request, file_ioctl, security_file_ioctl, (file, request, argument), struct file *file,
	unsigned int request, unsigned long argument)
{
	return request_verdict(file, request, again);
}

/* A hook of its own from 6.8 on, and in earlier kernels that were mended. */
ENFORCE(guard_old_request, file_ioctl_compat, security_file_ioctl_compat, (file, request, argument), struct file *file,
	unsigned int request, unsigned long argument)
{
	return request_verdict(file, request, again);
}

char LICENSE[] SEC("license") __weak = "GPL";
