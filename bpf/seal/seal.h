/* SPDX-License-Identifier: GPL-2.0 */
/* Seals a process, and delivers its values. */
#ifndef KERNELSEAL_SEAL_H
#define KERNELSEAL_SEAL_H

#include "delivery_report.h"
#include "environment.h"
#include "perf_opening.h"
#include "proof.h"
#include "sampling.h"

static __always_inline __u32 deliver(struct ks_process *process, struct ks_scope *scope, struct task_struct *task,
				     struct linux_binprm *bprm, struct delivery *delivery, int loops)
{
	delivery->bindings = process->bindings;
	delivery->refused = process->pending & process->refused;
	delivery->refusal = process->reason;
	delivery->pinned = process->pending & scope->pinned_bindings;
	if (delivery->held & delivery->pinned) { /* a value that came by the caller's environment is proved as well */
		delivery->work |= KS_PROVE;
		if (!has_agent(process->scope))
			return KS_NO_AGENT;
	}
	/* the canary looks for guards that are gone, with a value that is worth nothing */
	delivery->proven = (take_proof(process, bprm) && !(scope->switches & KS_WITHHELD)) || is_canary(process);
	delivery->traced = BPF_CORE_READ(task, ptrace) || is_being_opened(task) || is_sampled(task);
	walk_environment(delivery, task, loops);
	if (delivery->reason)
		return delivery->reason;
	return delivery->written ? KS_OK : KS_NO_PLACEHOLDER;
}

/* A process that got some values and not others, or has one unproved, is killed under every policy. */
static __always_inline __u32 give_up(const struct ks_scope *scope, struct delivery *delivery)
{
	count(delivery->scope, KS_N_FAILED);
	if (!delivery->written && !(delivery->held & delivery->pinned) && (scope->switches & KS_START_ON_FAILURE)) {
		delivery->work = 0;
		return KS_STARTED;
	}
	bpf_send_signal(SIGKILL);
	return KS_KILLED;
}

/*
 * Without a placeholder there was nothing to deliver. A process that was sealed before the exec has its values from
 * the caller's environment and stays sealed; another has none, and its seal ends. Only a program that a binding
 * names was expected to have one.
 */
static __always_inline void without_placeholder(struct ks_process *process, struct ks_scope *scope, __u32 was_sealed,
						struct linux_binprm *bprm, const struct delivery *delivery)
{
	if (was_sealed)
		return;
	process->flags &= ~KS_SEALED;
	if (process->bindings & ~scope->entry_bindings)
		report_fail(process, bprm, KS_STARTED, delivery);
	process->bindings = 0;
}

/* A binding whose variables are added: the agent rebuilds the initial stack. */
static __always_inline __u32 add_by_agent(struct ks_process *process, struct ks_scope *scope, struct delivery *delivery)
{
	if (delivery->traced || !delivery->proven)
		return delivery->traced ? KS_TRACED : KS_UNPROVEN;
	if (!has_agent(process->scope))
		return KS_NO_AGENT;
	if (process->pending & scope->added_bindings & process->refused)
		return process->reason;
	if (process->pending & scope->pinned_bindings)
		delivery->work |= KS_PROVE;
	delivery->work |= KS_ADD;
	return KS_OK;
}

/* The refused ones, now that it runs: it has no value of theirs. Without any other its seal ends. */
static __always_inline void drop_refused(struct ks_process *process, const struct delivery *delivery)
{
	process->bindings &= ~delivery->refused;
	if (delivery->refused && !process->bindings)
		process->flags &= ~KS_SEALED;
}

/* Returns whether the process may run. */
static __always_inline int seal_and_deliver(struct ks_process *process, struct ks_scope *scope,
					    struct task_struct *task, struct linux_binprm *bprm,
					    struct delivery *delivery, int loops)
{
	__u64 begun = bpf_ktime_get_ns();
	__u32 was_sealed = process->flags & KS_SEALED, action;

	delivery->held = was_sealed ? process->bindings : 0;
	process->bindings |= process->pending;
	process->flags |= KS_SEALED;
	if (!was_sealed)
		count_of(process, KS_N_SEALED, 1);
	delivery->reason = deliver(process, scope, task, bprm, delivery, loops);
	if (delivery->reason == KS_NO_PLACEHOLDER && !was_sealed && (process->pending & scope->added_bindings))
		delivery->reason = add_by_agent(process, scope, delivery);
	if (delivery->reason == KS_NO_PLACEHOLDER) {
		without_placeholder(process, scope, was_sealed, bprm, delivery);
		return 1;
	}
	if (delivery->reason) {
		action = give_up(scope, delivery);
		report_fail(process, bprm, action, delivery);
		return action == KS_STARTED;
	}
	process->flags |= KS_GIVEN;
	process->pid = pid_in_scope(task, process->scope);
	process->generation = delivery->generation;
	count_of(process, KS_N_VALUES, delivery->written);
	report_inject(process, bprm, delivery, begun);
	return 1;
}

#endif
