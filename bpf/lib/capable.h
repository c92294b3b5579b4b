/* SPDX-License-Identifier: GPL-2.0 */
/* Whether the kernel lets `current` do what takes a capability of the machine itself. */
#ifndef KERNELSEAL_CAPABLE_H
#define KERNELSEAL_CAPABLE_H

#include "record.h"

/* include/uapi/linux/capability.h */
#define BIT_OF_DAC_OVERRIDE (1ULL << 1)
#define BIT_OF_SYS_MODULE (1ULL << 16)
#define BIT_OF_SYS_ADMIN (1ULL << 21)
#define BIT_OF_PERFMON (1ULL << 38)

/* perfmon_capable(), include/linux/capability.h: in the machine's own user namespace, whatever is held in one below. */
static __always_inline int is_perfmon_capable(void)
{
	const struct cred *cred = BPF_CORE_READ(current_task(), cred);
	__u64 held = 0;

	if (BPF_CORE_READ(cred, user_ns, level))
		return 0;
	bpf_core_read(&held, sizeof(held), &cred->cap_effective);
	return !!(held & (BIT_OF_SYS_ADMIN | BIT_OF_PERFMON));
}

#endif
