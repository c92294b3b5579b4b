/* SPDX-License-Identifier: GPL-2.0 */
/* The registers with which `current` entered the kernel: number, table and arguments of its system call. */
#ifndef KERNELSEAL_REGISTERS_H
#define KERNELSEAL_REGISTERS_H

#include "scope.h"

#define THREAD_BYTES (16 * 1024) /* THREAD_SIZE on x86-64, and on arm64 with 4 KiB pages */
#define UNKNOWN_CALL (-1)
/* __X32_SYSCALL_BIT, arch/x86/include/asm/unistd.h: the same numbers up to 511. Those above are kin of 64-bit calls
 * that no list of ours names, but for ioctl (514), readv (515), pread and preadv, which then do not count as looking at
 * files. */
#define X32_CALL 0x40000000L

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs___x86 {
	unsigned long bx, cx, si, di, r10;
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

	return registers ? (long)BPF_CORE_READ(registers, orig_ax) & ~X32_CALL : UNKNOWN_CALL;
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

/* 0 where it is not known. */
static __always_inline __u32 fourth_argument_of_current(void)
{
#ifdef __TARGET_ARCH_x86
	struct pt_regs___x86 *registers = registers_of_current();

	if (!registers)
		return 0;
	return is_compat() ? BPF_CORE_READ(registers, si) : BPF_CORE_READ(registers, r10);
#else
	struct pt_regs___arm64 *registers = registers_of_current();

	return registers ? BPF_CORE_READ(registers, regs[3]) : 0;
#endif
}

#endif
