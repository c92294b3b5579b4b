/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The system call that `current` is in, from the registers it entered the kernel with.
 *
 * A ptrace check by file-system credentials is made by procfs while it answers, and by calls that reach into another
 * process's memory (process_madvise, mm/madvise.c). The check's mode does not tell them apart; the call does. A tracer
 * can change the number only while its tracee stands still, and not in the middle of a call.
 */
#ifndef KERNELSEAL_CURRENT_CALL_H
#define KERNELSEAL_CURRENT_CALL_H

#include <asm/unistd.h>
#include "registers.h"

#define PF_IO_WORKER 0x10 /* include/linux/sched.h: works for io_uring, which has no call that reaches into memory */

/* read, readv, pread64, preadv, preadv2, sendfile, splice, getdents, readlink, stat and access with their kin, ioctl.
 */
static __always_inline int looks_at_files_compat(long number)
{
	switch (number) {
	case 3:
	case 18:
	case 28:
	case 33:
	case 54:
	case 84:
	case 85:
	case 106 ... 108:
	case 141:
	case 145:
	case 180:
	case 187:
	case 195 ... 197:
#ifdef __TARGET_ARCH_x86
	case 220:
	case 239:
	case 300:
	case 305:
	case 307:
	case 313:
	case 333:
	case 378:
#else
	case 217:
	case 327:
	case 332:
	case 334:
	case 340:
	case 361:
	case 392:
#endif
	case 383:
	case 426:
	case 439:
		return 1;
	}
	return 0;
}

static __always_inline int looks_at_files(long number)
{
	switch (number) {
	case __NR_read:
	case __NR_readv:
	case __NR_pread64:
	case __NR_preadv:
	case __NR_preadv2:
	case __NR_sendfile:
	case __NR_splice:
	case __NR_getdents64:
	case __NR_readlinkat:
	case __NR_newfstatat:
	case __NR_fstat:
	case __NR_statx:
	case __NR_faccessat:
	case 439:	 /* faccessat2 */
	case 426:	 /* io_uring_enter */
	case __NR_ioctl: /* of a pidfd, for a namespace */
#ifdef __NR_getdents	 /* older architectures */
	case __NR_getdents:
	case __NR_readlink:
	case __NR_stat:
	case __NR_lstat:
	case __NR_access:
#endif
		return 1;
	}
	return 0;
}

/* Whether `current` is in a call that looks at files: of those that are not known, none is. */
static __always_inline int is_looking_at_files(void)
{
	struct task_struct___registers *task = (void *)current_task();

	if (BPF_CORE_READ(task, flags) & PF_IO_WORKER)
		return 1;
	return is_compat() ? looks_at_files_compat(number_of_current()) : looks_at_files(number_of_current());
}

/*
 * Whether `current` walks a path to ask about the file at its end, and gets no descriptor of it. Of the 32-bit table
 * no call is known here.
 */
static __always_inline int is_asking_about_file(void)
{
	if (is_compat())
		return 0;
	switch (number_of_current()) {
	case __NR_readlinkat:
	case __NR_newfstatat:
	case __NR_statx:
	case __NR_faccessat:
	case 439: /* faccessat2 */
	case __NR_getxattr:
	case __NR_lgetxattr:
	case __NR_listxattr:
	case __NR_llistxattr:
#ifdef __NR_readlink /* older architectures */
	case __NR_readlink:
	case __NR_stat:
	case __NR_lstat:
	case __NR_access:
#endif
		return 1;
	}
	return 0;
}

static __always_inline int is_reading_memory(void)
{
	return !is_compat() && number_of_current() == __NR_process_vm_readv;
}

static __always_inline int is_in_ioctl(void)
{
	return number_of_current() == (is_compat() ? 54 : __NR_ioctl);
}

/* setns(2) with a pidfd asks as process_vm_readv does, and gives no more than /proc/P/ns. */
static __always_inline int is_joining_namespaces(void)
{
	return !is_compat() && number_of_current() == __NR_setns;
}

#define COMPAT_MMAP2 192     /* the same for both architectures */
#define MAP_DENYWRITE 0x0800 /* include/uapi/asm-generic/mman.h */

/*
 * The dynamic loader of glibc maps a library with this flag (elf/dl-load.h), and no other file. The kernel takes the
 * flag away before it asks (do_mmap, mm/mmap.c); it stands in the call's registers.
 */
static __always_inline int is_loading_library(void)
{
	if (number_of_current() != (is_compat() ? COMPAT_MMAP2 : __NR_mmap))
		return 0;
	return !!(fourth_argument_of_current() & MAP_DENYWRITE);
}

#endif
