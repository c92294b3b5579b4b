/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The ways to a secret that a process may try, and details of them. */
#ifndef KERNELSEAL_WIRE_WAY_H
#define KERNELSEAL_WIRE_WAY_H

/*
 * The way that was tried; rows of docs/kernels.md. Logs and metrics know each by the name it has here: `core-dump`
 * for KS_WAY_CORE_DUMP. So a name that was released stays.
 */
enum ks_way {
	KS_WAY_NONE = 0,
	KS_WAY_ENVIRON = 1,
	KS_WAY_MEM = 2,
	KS_WAY_MAPS = 3,
	KS_WAY_PTRACE = 4,
	KS_WAY_PERF = 5,
	KS_WAY_TRACEME = 6,
	KS_WAY_AGENT_FILE = 7,
	KS_WAY_SIGNAL = 8,
	KS_WAY_BPF_MAP = 9,
	KS_WAY_EXEC = 10,
	KS_WAY_CORE_DUMP = 11,
	KS_WAY_KERNEL_MEMORY = 12,
	KS_WAY_TRACEFS = 13,
	KS_WAY_BPF_PROGRAM = 14,
	KS_WAY_BPF_CALL = 15,
	KS_WAY_PIN = 16,
	/* an entry of /proc/P that is not known to be harmless */
	KS_WAY_PROC_FILE = 17,
	/* writing to one */
	KS_WAY_PROC_WRITE = 18,
	/* a procfs file that the kernel opens by itself, for a listener of fanotify */
	KS_WAY_NOTIFY = 19,
	/* a call that reaches into memory with the checks of procfs: process_madvise */
	KS_WAY_MEMORY_CALL = 20,
	/* the kernel changed from inside a scope: a file, its code, a privilege */
	KS_WAY_KERNEL_FILE = 21,
	KS_WAY_KERNEL_CODE = 22,
	KS_WAY_CAPABILITY = 23,
	KS_WAY_SCHEDULE = 24,
	KS_WAY_CGROUP = 25,
	/* a runtime's debugging door: opened by a signal, entered by a socket */
	KS_WAY_DEBUG_SIGNAL = 26,
	KS_WAY_DEBUG_SOCKET = 27,
	/* a process on its way into a container, which has no record yet */
	KS_WAY_STARTING = 28,
	/* code mapped that is not of the container's image (`verify`) */
	KS_WAY_LIBRARY = 29,
	/* memory of a process without values, written by others: what it starts later may be theirs */
	KS_WAY_MEMORY_WRITE = 30,
};

/* Of KS_WAY_KERNEL_FILE and KS_WAY_CGROUP (ks_event.detail): kinds of kernel files and devices. */
enum ks_kernel_file {
	KS_FILE_SYSCTL = 1,
	KS_FILE_PROC = 2,
	KS_FILE_SYSFS = 3,
	KS_FILE_SECURITYFS = 4,
	KS_FILE_DEBUGFS = 5,
	KS_FILE_BINFMT = 6,
	KS_FILE_CONFIGFS = 7,
	KS_FILE_EFIVARFS = 8,
	KS_FILE_PSTORE = 9,
	KS_FILE_CGROUP = 10,
	KS_FILE_DEVICE = 11,
	KS_FILE_BLOCK_DEVICE = 12,
	/* remounted, frozen, shut down */
	KS_FILE_SYSTEM = 13,
	KS_FILE_OTHER_DEVICE = 14,
};

/* Of KS_WAY_KERNEL_CODE, KS_WAY_CAPABILITY and KS_WAY_SCHEDULE. */
enum ks_kernel_code { KS_CODE_MODULE = 1, KS_CODE_OTHER = 2 };
enum ks_call {
	KS_CALL_SWAPON = 1,
	KS_CALL_PORTS = 2,
	KS_CALL_ACCT = 3,
	KS_CALL_FILE_HANDLE = 4,
	KS_CALL_MODULE = 5,
	KS_CALL_FILE_IOCTL = 6,
};
enum ks_share { KS_SHARE_CPU = 1, KS_SHARE_NICE = 2, KS_SHARE_IO = 3, KS_SHARE_MEMORY = 4 };

#endif
