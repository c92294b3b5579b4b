// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that do nothing, as many as ours on the hooks of a fork, an exec, an
 * exit and an open: the kernel's price for calling any.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define EMPTY(name, section)                                                                                           \
	SEC(section) int floor_##name(void *context)                                                                   \
	{                                                                                                              \
		return 0;                                                                                              \
	}

EMPTY(alloc, "lsm/task_alloc")
EMPTY(free, "lsm/task_free")
EMPTY(check, "lsm/bprm_check_security")
EMPTY(open, "lsm/file_open")
EMPTY(fork, "tp_btf/sched_process_fork")
EMPTY(fork_2, "tp_btf/sched_process_fork")
EMPTY(exec, "tp_btf/sched_process_exec")
EMPTY(exec_2, "tp_btf/sched_process_exec")
EMPTY(exec_3, "tp_btf/sched_process_exec")
EMPTY(exec_4, "tp_btf/sched_process_exec")
EMPTY(exit, "tp_btf/sched_process_exit")
EMPTY(exit_2, "tp_btf/sched_process_exit")

char LICENSE[] SEC("license") = "GPL";
