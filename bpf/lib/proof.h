/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Proof, within one exec, that refusal is alive.
 *
 * Programs that refuse run by trampolines, which one write to kernel.ftrace_enabled takes away from all of them at once
 * (kernel/trace/ftrace.c, ftrace_shutdown_sysctl); the delivery runs by a tracepoint and would go on. So each of two
 * refusing programs leaves its mark during the exec, and the delivery wants to see both: guard_open when the kernel
 * opens the program (fs/exec.c, do_open_execat), monitor_exec when it judges it.
 */
#ifndef KERNELSEAL_PROOF_H
#define KERNELSEAL_PROOF_H

#include "scope.h"

/*
 * Tasks that opened a program and have not been judged since. Which file it was does not matter, and would mislead:
 * overlayfs opens its lower file within the same exec. Full: the oldest goes, and its exec is not delivered to.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} exec_opens __weak SEC(".maps");

extern const void ftrace_enabled __ksym __weak;

/* By guard_open, for a file that an exec opens. */
static __always_inline void mark_exec_open(void)
{
	struct task_struct *task = current_task();
	__u64 key = (__u64)task, value = 1;

	if (process_of(task) || scope_of_cgroup(task) || scope_of(task))
		bpf_map_update_elem(&exec_opens, &key, &value, BPF_ANY);
}

/*
 * By monitor_exec, which takes the mark: each exec has to make its own. Copies of the program (hook.h) run in the order
 * that the kernel keeps them in, the last attached first (bpf_trampoline_link_prog): each but the first finds the
 * other's note. @return the record's proof: the exec in progress, or 0
 */
static __always_inline __u64 prove_exec(struct linux_binprm *bprm, const struct ks_process *known)
{
	__u64 key = (__u64)current_task();

	if (!bpf_map_delete_elem(&exec_opens, &key))
		return (__u64)bprm;
	return known && known->exec == (__u64)bprm ? known->exec : 0;
}

/* The kernel's own switch; 1 where its address is hidden. */
static __always_inline int are_trampolines_on(void)
{
	int enabled = 1;

	if (&ftrace_enabled)
		bpf_probe_read_kernel(&enabled, sizeof(enabled), &ftrace_enabled);
	return enabled;
}

/* By the delivery: whether both marks are of this exec. They count once; that of the dynamic loader's open goes too. */
static __always_inline int take_proof(struct ks_process *process, struct linux_binprm *bprm)
{
	__u64 key = (__u64)current_task(), proof = process->exec;

	process->exec = 0;
	bpf_map_delete_elem(&exec_opens, &key);
	return proof == (__u64)bprm && are_trampolines_on();
}

#endif
