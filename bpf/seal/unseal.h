/* SPDX-License-Identifier: GPL-2.0 */
/* Ends the seal of a process that became another program, as the binding's rule for children says. */
#ifndef KERNELSEAL_UNSEAL_H
#define KERNELSEAL_UNSEAL_H

#include "delivery_report.h"
#include "environment.h"
#include "search.h"

static __always_inline int not_scrubbed(struct ks_process *process, struct linux_binprm *bprm,
					const struct delivery *delivery)
{
	count(process->scope, KS_N_FAILED);
	bpf_send_signal(SIGKILL);
	report_fail(process, bprm, KS_KILLED, delivery);
	return 0;
}

/* A descendant of a scrubbed program was given no value, but may have got one another way. */
static __always_inline int scrub_below(struct ks_process *process, struct task_struct *task, struct linux_binprm *bprm,
				       struct delivery *delivery, int loops)
{
	delivery->bindings = 0;
	search_environment(delivery, task, loops);
	if (delivery->reason)
		return not_scrubbed(process, bprm, delivery);
	if (delivery->scrubbed)
		report_scrub(process, bprm, delivery);
	return 1;
}

/*
 * A sealed process became another program. The binding's rule for children decides: scrub takes the values out of
 * the environment it was given, and with the last of them the seal, and nothing below is sealed again; inherit keeps
 * both. (deny refused the exec already.) A file that is none of the container's own inherits nothing, and one that
 * fails `verify` nothing of the bindings that have it, under any rule: the value may have come by the caller's
 * environment, where no placeholder is filled. The process is still sealed while this runs. Returns whether it may run.
 */
static __always_inline int scrub(struct ks_process *process, struct ks_scope *scope, struct task_struct *task,
				 struct linux_binprm *bprm, struct delivery *delivery, int loops)
{
	__u64 ending = process->flags & KS_FOREIGN ? process->bindings : scope->scrub_bindings;
	__u64 lost = process->bindings & ((ending & ~process->pending) | process->refused);
	__u32 waits;

	if (!(process->flags & KS_SEALED) || !lost)
		return process->flags & KS_BELOW_SEAL ? scrub_below(process, task, bprm, delivery, loops) : 1;
	delivery->lost = lost;
	delivery->bindings = process->bindings & ~lost;
	walk_environment(delivery, task, loops);
	if (!delivery->reason)
		search_environment(delivery, task, loops);
	if (delivery->reason)
		return not_scrubbed(process, bprm, delivery);
	delivery->lost = 0;
	waits =
	    delivery->asked || delivery->work ? KS_WAITING : 0; /* the values are still there: closed without a gap */
	report_scrub(process, bprm, delivery);
	process->bindings &= ~lost;
	if (process->bindings)
		return 1;
	process->pending = 0;
	process->flags = (process->flags & ~(KS_SEALED | KS_GIVEN)) | KS_BELOW_SEAL | waits;
	return 1;
}

#endif
