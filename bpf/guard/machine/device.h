/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Character devices: a closed list of those that change nothing beyond the process that has them open. Of the others a
 * virtual keyboard types SysRq, a watchdog resets the machine, a control device maps volumes over the host's, and each
 * kernel and each driver brings more. The device cgroup of a container that is not privileged has no others than these.
 */
#ifndef KERNELSEAL_DEVICE_H
#define KERNELSEAL_DEVICE_H

#include "kernel_control.h"
#include "kernel_memory.h"

#define MINOR_BITS 20 /* include/linux/kdev_t.h */

/* Documentation/admin-guide/devices.txt; those without a line there are in include/uapi/linux/major.h. */
enum {
	NO_MAJOR = 0, /* whiteouts of overlay layers: no driver */
	TTYAUX_MAJOR = 5,
	MISC_MAJOR = 10,
	SCSI_GENERIC_MAJOR = 21,
	VIDEO_MAJOR = 81,
	PPP_MAJOR = 108,
	SOUND_MAJOR = 116,
	FIRST_PTS_MAJOR = 136,
	LAST_PTS_MAJOR = 143,
	RAW_MAJOR = 162,
	NVIDIA_MAJOR = 195,
	MSR_MAJOR = 202,
	CPUID_MAJOR = 203,
	DRM_MAJOR = 226,
	INFINIBAND_MAJOR = 231,
};

/* null, zero, full, random, urandom, and the kernel's log. */
static __always_inline int control_of_memory_device(__u32 minor)
{
	switch (minor) {
	case 3:
	case 5:
	case 7 ... 9:
	case 11:
		return -1;
	}
	return KS_CONTROL_DEVICES;
}

/* Machines, networks and file systems of the process's own; control devices of disks. */
static __always_inline int control_of_misc(__u32 minor)
{
	switch (minor) {
	case 126: /* userfaultfd */
	case 200: /* net/tun */
	case 229: /* fuse */
	case 232: /* kvm */
	case 238: /* vhost-net */
	case 241: /* vhost-vsock */
		return -1;
	case 231: /* snapshot: all of memory, and a freeze of the machine */
		return 0;
	case 234: /* btrfs-control */
	case 236: /* mapper/control */
	case 237: /* loop-control */
		return KS_CONTROL_BLOCK_DEVICES;
	}
	return KS_CONTROL_DEVICES;
}

/* The part of `kernelControl` that permits it; 0: none does; -1: it takes none. */
static __always_inline int control_of_device(struct inode *inode, int writes)
{
	__u32 major = inode->i_rdev >> MINOR_BITS, minor = inode->i_rdev & ((1U << MINOR_BITS) - 1);

	switch (major) {
	case MEM_MAJOR:
		return control_of_memory_device(minor);
	case TTYAUX_MAJOR: /* tty and ptmx, not the machine's console */
		return minor == 0 || minor == 2 ? -1 : KS_CONTROL_DEVICES;
	case MISC_MAJOR:
		return control_of_misc(minor);
	case MSR_MAJOR: /* any register of a CPU */
		return 0;
	case CPUID_MAJOR:
		return writes ? 0 : -1;
	case SCSI_GENERIC_MAJOR: /* a disk under its file system */
	case RAW_MAJOR:
		return KS_CONTROL_BLOCK_DEVICES;
	case NO_MAJOR:
	case VIDEO_MAJOR:
	case PPP_MAJOR:
	case SOUND_MAJOR:
	case FIRST_PTS_MAJOR ... LAST_PTS_MAJOR:
	case NVIDIA_MAJOR:
	case DRM_MAJOR:
	case INFINIBAND_MAJOR:
		return -1;
	}
	return KS_CONTROL_DEVICES;
}

static __always_inline int device_verdict(struct inode *inode, int writes, int again)
{
	int control;

	if ((inode->i_mode & S_IFMT) == S_IFBLK)
		return judge_control_file(KS_CONTROL_BLOCK_DEVICES, KS_FILE_BLOCK_DEVICE, again);
	if ((inode->i_mode & S_IFMT) != S_IFCHR)
		return 0;
	if (is_memory_device(inode))
		return judge_kernel_memory(KS_WAY_KERNEL_MEMORY, again);
	control = control_of_device(inode, writes);
	return judge_control_file(control, control ? KS_FILE_OTHER_DEVICE : KS_FILE_DEVICE, again);
}

#endif
