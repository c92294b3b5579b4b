/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests of ioctl(2) that reach any file of a file system, in this container or not: what open_by_handle_at(2) is for
 * all of them. XFS has a family of its own, with lists of all inodes; btrfs searches its trees, which hold the contents
 * of small files, and sends a whole subvolume. All of these ask for CAP_SYS_ADMIN.
 */
#ifndef KERNELSEAL_FILE_IOCTL_H
#define KERNELSEAL_FILE_IOCTL_H

#include "../current_call.h"

#define COMPAT_IOCTL 54 /* the same for both architectures */
#define X32_IOCTL 514	/* registers.h takes the bit of the table away, arch/x86/entry/syscalls/syscall_64.tbl */

/* Type and number of a request (include/uapi/asm-generic/ioctl.h); sizes differ between tables. */
#define REQUEST(request) ((request)&0xffff)
#define XFS_TYPE ('X' << 8)
#define BTRFS_TYPE (0x94 << 8)

/* fs/xfs/libxfs/xfs_fs.h. Of the same type are freeze, thaw and trim, which every file system has (uapi/linux/fs.h). */
static __always_inline int is_of_xfs(__u32 request)
{
	if (request >= (XFS_TYPE | 119) && request <= (XFS_TYPE | 121))
		return 0;
	return request >= (XFS_TYPE | 60) && request <= (XFS_TYPE | 0xff);
}

/* include/uapi/linux/btrfs.h */
static __always_inline int is_of_btrfs(__u32 request)
{
	switch (request) {
	case BTRFS_TYPE | 17: /* TREE_SEARCH, TREE_SEARCH_V2 */
	case BTRFS_TYPE | 18: /* INO_LOOKUP */
	case BTRFS_TYPE | 35: /* INO_PATHS */
	case BTRFS_TYPE | 36: /* LOGICAL_INO */
	case BTRFS_TYPE | 38: /* SEND */
	case BTRFS_TYPE | 59: /* LOGICAL_INO_V2 */
		return 1;
	}
	return 0;
}

static __always_inline int is_ioctl(long number, int compat)
{
#ifdef __TARGET_ARCH_x86
	if (!compat && number == X32_IOCTL)
		return 1;
#endif
	return number == (compat ? COMPAT_IOCTL : __NR_ioctl);
}

/* Whether `current` is in one of them. */
static __always_inline int is_reaching_files(long number, int compat)
{
	__u32 request;

	if (!is_ioctl(number, compat))
		return 0;
	request = REQUEST(second_argument_of_current());
	return is_of_xfs(request) || is_of_btrfs(request);
}

#endif
