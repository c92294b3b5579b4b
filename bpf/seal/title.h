/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a value stands first in an environment: a program that writes over the end of its arguments, as titles do,
 * shows it in its cmdline (fs/proc/base.c, get_mm_proctitle).
 */
#ifndef KERNELSEAL_TITLE_H
#define KERNELSEAL_TITLE_H

#include "delivery.h"
#include "variable.h"

/* The string at d->start is a variable of one of d->bindings; one that cannot be read counts as that. */
static __always_inline int is_bound_variable(const struct delivery *d)
{
	struct ks_name_key key = {.scope = d->scope, .generation = d->generation};
	struct ks_name *name;

	if (bpf_probe_read_user_str(key.name, sizeof(key.name), (void *)d->start) < 0)
		return 1;
	if (!cut_name(&key))
		return 0;
	name = bpf_map_lookup_elem(&names, &key);
	return name && (name->bindings & d->bindings);
}

/* Of its own, as the frames of a chain of calls share 512 bytes. */
__attribute__((noinline)) int is_bound_one(struct delivery *d)
{
	return d ? is_bound_variable(d) : 1;
}

__attribute__((noinline)) int is_bound_unlooped(void)
{
	struct delivery *d = unlooped_delivery();

	return d ? is_bound_variable(d) : 1;
}

/* At each exec of a process that stays sealed: its values may come by the caller's environment, in any order. */
static __always_inline void note_first(struct ks_process *process, struct task_struct *task, struct delivery *d,
				       int loops)
{
	process->flags &= ~KS_VALUE_FIRST;
	if (!(process->flags & KS_SEALED))
		return;
	d->bindings = process->bindings;
	d->start = BPF_CORE_READ(task, mm, env_start);
	if (d->start < BPF_CORE_READ(task, mm, env_end) && (loops ? is_bound_one(d) : is_bound_unlooped()))
		process->flags |= KS_VALUE_FIRST;
}

#endif
