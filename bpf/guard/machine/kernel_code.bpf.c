// SPDX-License-Identifier: GPL-2.0
/*
 * Code that puts its bringer above the kernel's rules, refused inside a scope.
 *
 *   kernel_read_file, kernel_load_data   kernel_read_file() and the calls that read from memory: finit_module(2) and
 *                                        init_module(2), kexec_file_load(2) and kexec_load(2), policies and
 *                                        certificates. Firmware that a driver asks for passes: the kernel names it.
 *
 * A module that the kernel itself asks for is loaded by a helper outside of every scope. The policy's `kernelControl`
 * leaves `modules` to a scope; a whole machine's own processes are reported.
 */
#include "hook.h"
#include "kernel_control.h"

/* The numbers differ between kernels: asked of the running one (CO-RE). */
enum kernel_read_file_id { READING_FIRMWARE = 1, READING_MODULE = 2 };
enum kernel_load_data_id { LOADING_FIRMWARE = 1, LOADING_MODULE = 2 };

ENFORCE(guard_read_code, kernel_read_file, security_kernel_read_file, (file, id, contents), struct file *file,
	enum kernel_read_file_id id, int contents)
{
	if (id == bpf_core_enum_value(enum kernel_read_file_id, READING_FIRMWARE))
		return 0;
	if (id == bpf_core_enum_value(enum kernel_read_file_id, READING_MODULE))
		return judge_control(KS_CONTROL_MODULES, KS_WAY_KERNEL_CODE, KS_CODE_MODULE, again);
	return judge_control(0, KS_WAY_KERNEL_CODE, KS_CODE_OTHER, again);
}

ENFORCE(guard_load_code, kernel_load_data, security_kernel_load_data, (id, contents), enum kernel_load_data_id id,
	int contents)
{
	if (id == bpf_core_enum_value(enum kernel_load_data_id, LOADING_MODULE))
		return judge_control(KS_CONTROL_MODULES, KS_WAY_KERNEL_CODE, KS_CODE_MODULE, again);
	return judge_control(0, KS_WAY_KERNEL_CODE, KS_CODE_OTHER, again);
}

char LICENSE[] SEC("license") __weak = "GPL";
