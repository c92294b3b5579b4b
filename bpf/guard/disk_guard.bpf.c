// SPDX-License-Identifier: GPL-2.0
/*
 * File systems that lie on a disk, refused inside a scope: mount(2) has the kernel open the disk itself, which no
 * file_open sees, and who writes to the machine's root file system (its cron.d) is soon the machine's root.
 *
 *   sb_set_mnt_opts   vfs_get_tree(): the file system is found, by mount(2) as by fsconfig(2), and mounted nowhere yet.
 *                     (fsmount(2) does not ask sb_kern_mount.)
 *
 * By what the file system says of itself, and not by its name. The policy's `kernelControl` leaves `block-devices`, and
 * with them this, to a scope.
 */
#include "hook.h"
#include "kernel_control.h"

#define FS_REQUIRES_DEV 1 /* include/linux/fs.h */

ENFORCE(guard_disk, sb_set_mnt_opts, security_sb_set_mnt_opts, (sb, options, flags, set), struct super_block *sb,
	void *options, unsigned long flags, unsigned long *set)
{
	if (!(BPF_CORE_READ(sb, s_type, fs_flags) & FS_REQUIRES_DEV))
		return 0;
	return judge_control_file(KS_CONTROL_BLOCK_DEVICES, KS_FILE_BLOCK_DEVICE, again);
}

char LICENSE[] SEC("license") __weak = "GPL";
