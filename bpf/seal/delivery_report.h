/* SPDX-License-Identifier: GPL-2.0 */
/* What is counted and reported of a delivery. The canary, on which the agent proves protection, is neither. */
#ifndef KERNELSEAL_DELIVERY_REPORT_H
#define KERNELSEAL_DELIVERY_REPORT_H

#include "delivery.h"

/* The process on which the agent proves protection: neither reported nor counted. */
static __always_inline int is_canary(const struct ks_process *process)
{
	return (process->flags & (KS_CANARY | KS_AGENT)) == KS_CANARY;
}

static __always_inline void count_of(const struct ks_process *process, __u32 counter, __u64 many)
{
	if (!is_canary(process))
		count_many(process->scope, counter, many);
}

static __always_inline void report(struct ks_process *process, struct linux_binprm *bprm, __u32 kind, __u32 action,
				   const struct delivery *delivery, __u64 begun)
{
	struct ks_event *event = is_canary(process) ? NULL : event_start(kind, process->scope, NULL);

	if (!event)
		return;
	event->action = action;
	event->reason = delivery->reason;
	event->error = delivery->error;
	event->bindings = process->bindings;
	event->count = kind == KS_EV_SCRUB ? delivery->scrubbed : delivery->written;
	event->duration = begun ? bpf_ktime_get_ns() - begun : 0;
	event->actor.flags = process->flags;
	bpf_probe_read_kernel_str(event->file, sizeof(event->file), BPF_CORE_READ(bprm, filename));
	event_submit(event);
}

#endif
