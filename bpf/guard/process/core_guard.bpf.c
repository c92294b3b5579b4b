// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps the memory of a sealed process out of core dumps, to a file or into a handler (row 6).
 *
 *   signal_deliver  get_signal(): a signal that would dump core becomes SIGKILL. The group is then exiting before the
 *                   dump starts, and nothing is written.
 *   do_coredump     before 5.15 a seccomp filter that kills dumps without a signal (kernel/seccomp.c)
 */
#include "judge.h"

/* SIG_KERNEL_COREDUMP_MASK (include/linux/signal.h), x86 and arm64 numbers */
#define CORE_SIGNALS                                                                                                   \
	(1ULL << 3 | 1ULL << 4 | 1ULL << 5 | 1ULL << 6 | 1ULL << 7 | 1ULL << 8 | 1ULL << 11 | 1ULL << 24 |             \
	 1ULL << 25 | 1ULL << 31)

/*
 * A signal without a handler does not end the first of a PID namespace: the kernel drops it, behind the tracepoint. Not
 * one that it forces on that process for a fault: the flag is gone by then.
 */
static __always_inline int is_dropped(struct task_struct *task)
{
	return !!(BPF_CORE_READ(task, signal, flags) & SIGNAL_UNKILLABLE);
}

static __always_inline int at_signal(int signal, struct k_sigaction *action)
{
	struct task_struct *task = current_task();
	struct ks_process *process;
	struct ks_scope *scope;

	if (signal < 0 || signal > 31 || !(CORE_SIGNALS >> signal & 1) ||
	    (action && BPF_CORE_READ(action, sa.sa_handler)))
		return 0;
	process = process_of(task);
	if (!process || !is_guarded(process) || (process->flags & KS_DUMPING) || (action && is_dropped(task)))
		return 0;
	process->flags |= KS_DUMPING;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (scope && judge(scope, process, task, 1, KS_WAY_CORE_DUMP, signal, 0, 0))
		bpf_send_signal(SIGKILL);
	return 0;
}

/* Twice, for the reason that hook.h gives. */
SEC("tp_btf/signal_deliver")
int BPF_PROG(guard_core, int signal, struct kernel_siginfo *info, struct k_sigaction *action)
{
	return at_signal(signal, action);
}

SEC("tp_btf/signal_deliver")
int BPF_PROG(guard_core_2, int signal, struct kernel_siginfo *info, struct k_sigaction *action)
{
	return at_signal(signal, action);
}

/* The exit that SIGKILL begins keeps do_coredump() from writing (fs/coredump.c, zap_threads). */
SEC("fentry/do_coredump")
int BPF_PROG(guard_dump)
{
	return at_signal(SIGSYS, NULL);
}

SEC("fentry/do_coredump")
int BPF_PROG(guard_dump_2)
{
	return at_signal(SIGSYS, NULL);
}

char LICENSE[] SEC("license") __weak = "GPL";
