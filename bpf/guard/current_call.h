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
#include "scope.h"

#define PF_IO_WORKER 0x10 /* include/linux/sched.h: works for io_uring, which has no call that reaches into memory */
#define THREAD_BYTES (16 * 1024) /* THREAD_SIZE on x86-64, and on arm64 with 4 KiB pages */
#define UNKNOWN_CALL (-1)

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs___x86 {
	unsigned long bx, cx, si, di;
	unsigned long orig_ax;
};

struct pt_regs___arm64 {
	__u64 regs[31];
	int syscallno;
};

struct thread_info {
	unsigned long flags;
};

struct thread_info___x86 {
	__u32 status;
};

struct task_struct___registers {
	unsigned int flags;
	void *stack;
	struct thread_info thread_info;
};

#pragma clang attribute pop

/* Before 5.15 there is no helper for it: they lie at the top of the kernel stack (task_pt_regs). */
static __always_inline void *registers_of_current(void)
{
	struct task_struct___registers *task = (void *)current_task();

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
#ifdef __TARGET_ARCH_x86
	return BPF_CORE_READ(task, stack) + THREAD_BYTES - bpf_core_type_size(struct pt_regs___x86);
#else
	return NULL;
#endif
}

static __always_inline long number_of_current(void)
{
#ifdef __TARGET_ARCH_x86
	struct pt_regs___x86 *registers = registers_of_current();

	return registers ? (long)BPF_CORE_READ(registers, orig_ax) : UNKNOWN_CALL;
#else
	struct pt_regs___arm64 *registers = registers_of_current();

	return registers ? BPF_CORE_READ(registers, syscallno) : UNKNOWN_CALL;
#endif
}

/* A call of the 32-bit table. */
static __always_inline int is_compat(void)
{
#ifdef __TARGET_ARCH_x86
	struct thread_info___x86 *info =
	    (void *)current_task() + bpf_core_field_offset(struct task_struct___registers, thread_info);

	return BPF_CORE_READ(info, status) & 0x2; /* TS_COMPAT, arch/x86/include/asm/thread_info.h */
#else
	struct task_struct___registers *task = (void *)current_task();

	return !!(BPF_CORE_READ(task, thread_info.flags) &
		  (1 << 22)); /* TIF_32BIT, arch/arm64/include/asm/thread_info.h */
#endif
}

static __always_inline __u32 first_argument_of_current(void)
{
#ifdef __TARGET_ARCH_x86
	struct pt_regs___x86 *registers = registers_of_current();

	if (!registers)
		return UNKNOWN_CALL;
	return is_compat() ? BPF_CORE_READ(registers, bx) : BPF_CORE_READ(registers, di);
#else
	struct pt_regs___arm64 *registers = registers_of_current();

	return registers ? BPF_CORE_READ(registers, regs[0]) : UNKNOWN_CALL;
#endif
}

static __always_inline __u32 second_argument_of_current(void)
{
#ifdef __TARGET_ARCH_x86
	struct pt_regs___x86 *registers = registers_of_current();

	if (!registers)
		return UNKNOWN_CALL;
	return is_compat() ? BPF_CORE_READ(registers, cx) : BPF_CORE_READ(registers, si);
#else
	struct pt_regs___arm64 *registers = registers_of_current();

	return registers ? BPF_CORE_READ(registers, regs[1]) : UNKNOWN_CALL;
#endif
}

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

/* setns(2) with a pidfd asks as process_vm_readv does, and gives no more than /proc/P/ns. */
static __always_inline int is_joining_namespaces(void)
{
	return !is_compat() && number_of_current() == __NR_setns;
}

#endif
