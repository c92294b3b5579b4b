// SPDX-License-Identifier: GPL-2.0
/*
 * Seals a process and writes its secrets over the placeholders of its environment.
 *
 *   sched_process_exec  exec_binprm(): the new memory map and its initial stack are in place, no instruction of the
 *                       program has run. The seal comes first, then the values; between them is no user-space step.
 *                       (Earlier nothing may be written: create_elf_tables() finds the strings by their lengths.)
 *
 * Where the kernel may not write, or meets a page that is not there, the process is stopped before its first
 * instruction and the agent told each value and its address (delivery.h).
 *
 * A value that cannot be written ends the process (policy `on-failure: kill`), so that it never runs half-filled.
 */
#include "emit.h"
#include "seal.h"
#include "title.h"
#include "unseal.h"

/*
 * Stopped as soon as it would run its first instruction, until the agent has written and sends SIGCONT; which takes
 * back a SIGSTOP that is still on its way. An agent that cannot be told would never come: then it ends instead.
 */
static __always_inline void wait_for_agent(struct ks_process *process, struct task_struct *task,
					   struct linux_binprm *bprm, __u32 work)
{
	struct ks_wait *wait;

	process->flags |= KS_WAITING;
	process->pid = pid_in_scope(task, process->scope);
	bpf_send_signal(SIGSTOP);
	wait = order_start(struct ks_wait, KS_EV_WAIT, process->scope, KS_FILE);
	if (!wait) {
		count(process->scope, KS_N_FAILED);
		bpf_send_signal(SIGKILL);
		return;
	}
	wait->key = (__u64)BPF_CORE_READ(task, group_leader);
	wait->pid = process->pid;
	wait->work = work;
	wait->bindings = process->bindings;
	wait->event.actor.flags = flags_of(process);
	read_file(wait->file, bprm);
	event_submit(wait);
}

/*
 * A process that waits is continued by the agent alone; but the kernel continues an orphaned process group itself
 * (kernel/exit.c, kill_orphaned_pgrp), and the process goes on with its placeholders, still waiting. The agent is about
 * to write into it, by its number: that must not be into another program's memory.
 */
static __always_inline int end_waiting(struct ks_process *process, struct linux_binprm *bprm, struct delivery *delivery)
{
	process->flags &= ~KS_WAITING;
	process->pending = 0;
	count(process->scope, KS_N_FAILED);
	bpf_send_signal(SIGKILL);
	delivery->reason = KS_CONTINUED;
	report_fail(process, bprm, KS_KILLED, delivery);
	return 0;
}

/*
 * An entrypoint that is not bound itself: the placeholders it brings for its children are its container's. An
 * environment that cannot be read leaves them without an owner, and they are not filled.
 */
static __always_inline void claim(struct task_struct *task, struct delivery *delivery, int loops)
{
	walk_environment(delivery, task, loops);
	delivery->reason = KS_OK;
	delivery->error = 0;
}

static __always_inline int at_exec(struct task_struct *task, struct linux_binprm *bprm, struct delivery *delivery,
				   int loops)
{
	struct ks_process *process = process_of(task);
	struct ks_scope *scope;
	int runs;

	if (!process || !(process->flags & KS_EXECING))
		return 0;
	process->flags &= ~(KS_EXECING | KS_SHARING);
	if (process->flags & KS_WAITING)
		return end_waiting(process, bprm, delivery);
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope)
		return 0;
	/* An agent's child is not the agent. What is blind as well is a successor that has not enrolled (home.h). */
	if ((process->flags & (KS_AGENT | KS_BLIND)) == KS_AGENT)
		process->flags = (process->flags & ~KS_AGENT) | KS_VISITOR;
	delivery->scope = process->scope;
	delivery->container = (scope->switches & KS_HOST) || is_canary(process) ? 0 : process->container;
	delivery->begins = !!(flags_of(process) & KS_BEGINNING);
	process->flags &= ~KS_BEGINNING;
	delivery->generation = is_canary(process) ? 0 : scope->generation;
	count_of(process, KS_N_EXECS, 1);
	if (process->pending || !(scope->switches & KS_BINARY_FILTER))
		report_exec(process, bprm);
	if (delivery->begins && !process->pending)
		claim(task, delivery, loops);
	runs = scrub(process, scope, task, bprm, delivery, loops);
	if (runs && process->pending)
		runs = seal_and_deliver(process, scope, task, bprm, delivery, loops);
	if (runs) {
		drop_refused(process, delivery);
		note_first(process, task, delivery, loops);
	}
	if (runs && (delivery->asked || delivery->work))
		wait_for_agent(process, task, bprm, delivery->work);
	process->pending = 0;
	process->flags &= ~KS_FOREIGN;
	return 0;
}

/*
 * Four times, for the reason that hook.h gives: an exec that preempts another in here finds the next one free; each
 * does its work once. Measured with one: 3 of 400 starts kept their placeholders on 7.2. Should all four be taken, the
 * program starts with its placeholders, as one that is not bound.
 */
#define AT_EXEC(name)                                                                                                  \
	SEC("tp_btf/sched_process_exec")                                                                               \
	int BPF_PROG(name, struct task_struct *task, int old_pid, struct linux_binprm *bprm)                           \
	{                                                                                                              \
		struct delivery delivery = {};                                                                         \
		return at_exec(task, bprm, &delivery, 1);                                                              \
	}

AT_EXEC(deliver_exec)
AT_EXEC(deliver_exec_2)
AT_EXEC(deliver_exec_3)
AT_EXEC(deliver_exec_4)

/* For kernels without bpf_loop (before 5.17); none of them preempts tracepoints. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(unlooped_deliver_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct delivery *delivery = unlooped_delivery();

	if (!delivery)
		return 0;
	__builtin_memset(delivery, 0, sizeof(*delivery));
	return at_exec(task, bprm, delivery, 0);
}

char LICENSE[] SEC("license") __weak = "GPL";
