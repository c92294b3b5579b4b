/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What is counted for each scope. */
#ifndef KERNELSEAL_WIRE_COUNTER_H
#define KERNELSEAL_WIRE_COUNTER_H

#include "assert.h"

/* Index into the counters of a scope; per-CPU, never reset while the scope lives. Those of scope 0 belong to none. */
enum ks_counter {
	KS_N_EVENTS_LOST = 0,
	KS_N_EXECS = 1,
	/* seals begun, by delivery or by fork */
	KS_N_SEALED = 2,
	KS_N_VALUES = 3,
	KS_N_FAILED = 4,
	KS_N_BLOCKED = 5,
	KS_N_AUDITED = 6,
	/* a process record did not fit: the fork or exec was refused */
	KS_N_RECORDS_REFUSED = 7,
	KS_N_STALE_RECORDS = 8,
	/* attempts that were counted and not reported: more than one a second by one process in one way */
	KS_N_UNREPORTED = 9,
	/* processes of an application that count as visitors since others may have written into their memory */
	KS_N_LINEAGES_LOST = 10,
	KS_N_MAX = 16,
};

struct ks_counters {
	__u64 n[KS_N_MAX];
};

KS_ASSERT(sizeof(struct ks_counters) == 128);

#endif
