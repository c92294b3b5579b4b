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

/* A new event about `process`, or NULL: it is the canary, or the ring is full. */
#define report_start(type, kind, process)                                                                              \
	(is_canary(process) ? NULL : event_start(type, kind, (process)->scope, KS_FILE))

static __always_inline void read_file(char *file, struct linux_binprm *bprm)
{
	bpf_probe_read_kernel_str(file, KS_FILE, BPF_CORE_READ(bprm, filename));
}

static __always_inline void report_exec(struct ks_process *process, struct linux_binprm *bprm)
{
	struct ks_exec *exec = report_start(struct ks_exec, KS_EV_EXEC, process);

	if (!exec)
		return;
	exec->event.actor.flags = flags_of(process);
	read_file(exec->file, bprm);
	event_submit(exec);
}

static __always_inline void report_inject(struct ks_process *process, struct linux_binprm *bprm,
					  const struct delivery *delivery, __u64 begun)
{
	struct ks_inject *inject = report_start(struct ks_inject, KS_EV_INJECT, process);

	if (!inject)
		return;
	inject->bindings = process->bindings;
	inject->count = delivery->written;
	inject->duration = bpf_ktime_get_ns() - begun;
	inject->event.actor.flags = flags_of(process);
	read_file(inject->file, bprm);
	event_submit(inject);
}

/* `action`: the fate of the process. */
static __always_inline void report_fail(struct ks_process *process, struct linux_binprm *bprm, __u32 action,
					const struct delivery *delivery)
{
	struct ks_fail *fail = report_start(struct ks_fail, KS_EV_FAIL, process);

	if (!fail)
		return;
	fail->bindings = process->bindings;
	fail->action = action;
	fail->reason = delivery->reason;
	fail->error = delivery->error;
	fail->event.actor.flags = flags_of(process);
	read_file(fail->file, bprm);
	event_submit(fail);
}

static __always_inline void report_scrub(struct ks_process *process, struct linux_binprm *bprm,
					 const struct delivery *delivery)
{
	struct ks_scrub *scrub = report_start(struct ks_scrub, KS_EV_SCRUB, process);

	if (!scrub)
		return;
	scrub->count = delivery->scrubbed;
	scrub->event.actor.flags = flags_of(process);
	read_file(scrub->file, bprm);
	event_submit(scrub);
}

#endif
