// SPDX-License-Identifier: GPL-2.0
/*
 * System calls that a capability alone guards, and that put their caller above the kernel's rules, refused in a scope.
 *
 *   capable   capable() within swapon(2): swap on a disk of the caller's has the memory of sealed processes;
 *             iopl(2), ioperm(2): ports, and by them any memory; acct(2): a line about every process of the machine;
 *             open_by_handle_at(2): any file of a mounted file system by its number, in this container or not, and
 *             ioctl(2) where it does the same (file_ioctl.h); modules that are loaded by a name (dev_load(), for the
 *             name of a network interface) and delete_module(2);
 *             and anywhere process_madvise(2) of a guarded process (advice.h), and perf_event_open(2) of a uprobe that
 *             is to be refused (probe.h), and fsconfig(2) that mounts control groups (group_mount.h)
 *   sb_set_mnt_opts   vfs_get_tree(): the file system of a disk is found, by mount(2) as by fsconfig(2), and mounted
 *             nowhere yet (fsmount(2) does not ask sb_kern_mount). The kernel opens the disk itself, which no file_open
 *             sees, and a writer of the machine's root file system (its cron.d) is soon the machine's root
 *
 * None of the former has a rarer hook, and the kernels of distributions let no program stand before a system call
 * (CONFIG_FUNCTION_ERROR_INJECTION). The hook is asked often: it looks at the capability first, then at the number of
 * the call, and only within one of these at what `current` is. The policy's `kernelControl` leaves `file-handles` and
 * `modules` to a scope.
 */
#include "advice.h"
#include "capable.h"
#include "../current_call.h"
#include "file_ioctl.h"
#include "hook.h"
#include "group_mount.h"
#include "../perf/probe.h"

/* include/uapi/linux/capability.h */
enum {
	DAC_READ_SEARCH = 2,
	SYS_MODULE = 16,
	SYS_RAWIO = 17,
	SYS_PACCT = 20,
	SYS_ADMIN = 21,
	SYS_NICE = 23,
	PERFMON = 38
};

#ifdef __TARGET_ARCH_x86
enum { COMPAT_ACCT = 51, COMPAT_SWAPON = 87, COMPAT_IOPERM = 101, COMPAT_IOPL = 110, COMPAT_BY_HANDLE = 342 };
#else
enum { COMPAT_ACCT = 51, COMPAT_SWAPON = 87, COMPAT_BY_HANDLE = 371 };
#endif

static __always_inline __u32 call_of_compat(long number)
{
	switch (number) {
	case COMPAT_ACCT:
		return KS_CALL_ACCT;
	case COMPAT_SWAPON:
		return KS_CALL_SWAPON;
#ifdef __TARGET_ARCH_x86
	case COMPAT_IOPERM:
	case COMPAT_IOPL:
		return KS_CALL_PORTS;
#endif
	case COMPAT_BY_HANDLE:
		return KS_CALL_FILE_HANDLE;
	}
	return 0;
}

static __always_inline __u32 call_of(long number)
{
	switch (number) {
	case __NR_acct:
		return KS_CALL_ACCT;
	case __NR_swapon:
		return KS_CALL_SWAPON;
#ifdef __NR_iopl
	case __NR_ioperm:
	case __NR_iopl:
		return KS_CALL_PORTS;
#endif
	case __NR_open_by_handle_at:
		return KS_CALL_FILE_HANDLE;
	}
	return 0;
}

/*
 * A `fmod_ret` program runs before the kernel has looked: a caller without the capability gets no further, and is not
 * reported. What init_module(2) and finit_module(2) bring is judged as code (kernel_code.bpf.c).
 */
static __always_inline int module_verdict(const struct cred *cred, int again)
{
	long number = number_of_current();
	__u64 held = 0;

	if (!is_compat() && (number == __NR_init_module || number == __NR_finit_module))
		return 0;
	bpf_core_read(&held, sizeof(held), &cred->cap_effective);
	if (!(held & BIT_OF_SYS_MODULE))
		return 0;
	return judge_control(KS_CONTROL_MODULES, KS_WAY_CAPABILITY, KS_CALL_MODULE, again);
}

ENFORCE(guard_capable, capable, security_capable, (cred, ns, capability, options), const struct cred *cred,
	struct user_namespace *ns, int capability, unsigned int options)
{
	__u32 call, control;
	long number;
	int compat;

	if (capability == SYS_NICE)
		return number_of_current() == NR_PROCESS_MADVISE ? judge_advice(again) : 0;
	if (capability == SYS_MODULE)
		return module_verdict(cred, again);
	if (capability != DAC_READ_SEARCH && capability != SYS_ADMIN && capability != SYS_RAWIO &&
	    capability != SYS_PACCT && capability != PERFMON)
		return 0;
	number = number_of_current();
	compat = is_compat();
	if ((capability == PERFMON || capability == SYS_ADMIN) && is_opening_event(number, compat))
		return judge_probe(again);
	if (capability == SYS_ADMIN && number == NR_FSCONFIG)
		return configured_mount_verdict(again);
	call = compat ? call_of_compat(number) : call_of(number);
	if (!call && is_reaching_files(number, compat))
		call = KS_CALL_FILE_IOCTL;
	if (!call)
		return 0;
	control = call == KS_CALL_FILE_HANDLE || call == KS_CALL_FILE_IOCTL ? KS_CONTROL_FILE_HANDLES : 0;
	return judge_control(control, KS_WAY_CAPABILITY, call, again);
}

/* By what the file system says of itself, and not by its name. `kernelControl: [block-devices]` leaves it to a scope.
 */
ENFORCE(guard_disk, sb_set_mnt_opts, security_sb_set_mnt_opts, (sb, options, flags, set), struct super_block *sb,
	void *options, unsigned long flags, unsigned long *set)
{
	if (!(BPF_CORE_READ(sb, s_type, fs_flags) & FS_REQUIRES_DEV))
		return 0;
	return judge_control_file(KS_CONTROL_BLOCK_DEVICES, KS_FILE_BLOCK_DEVICE, again);
}

char LICENSE[] SEC("license") __weak = "GPL";
