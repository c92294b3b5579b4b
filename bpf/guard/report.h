/* SPDX-License-Identifier: GPL-2.0 */
/* Reported and permitted in every mode: deeds of root of the machine, which a scope of the whole machine holds.
 */
#ifndef KERNELSEAL_REPORT_H
#define KERNELSEAL_REPORT_H

#include "emit.h"

static __always_inline int report_host(__u32 inum, __u32 way, __u32 detail)
{
	struct ks_access *access;

	count(inum, KS_N_AUDITED);
	access = access_start(inum, NULL);
	if (!access)
		return 0;
	access->action = KS_AUDITED;
	access->way = way;
	access->detail = detail;
	event_submit(access);
	return 0;
}

/* Whether `current` is a process of the machine itself, in no PID namespace of a container. */
static __always_inline int in_machine_pid_ns(void)
{
	return BPF_CORE_READ(pid_namespace_of(current_task(), NULL), ns.inum) == INIT_PID_NS;
}

#endif
