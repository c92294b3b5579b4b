/* SPDX-License-Identifier: GPL-2.0 */
/* Takes the values of lost bindings out of an environment: a program that a sealed one started. */
#ifndef KERNELSEAL_SCRUB_H
#define KERNELSEAL_SCRUB_H

#include "chunk.h"
#include "variable.h"

__attribute__((noinline)) int scrub_one_chunk(struct delivery *d, __u32 index)
{
	return d ? overwrite_chunk(index, d, zeroes) != 0 : 1;
}

__attribute__((noinline)) int scrub_chunk_unlooped(__u32 index)
{
	struct delivery *d = unlooped_delivery();

	return d ? !!overwrite_chunk(index, d, zeroes) : 1;
}

/* The string [d->start, end) is complete: if it is a variable of a lost binding, its value goes. */
static __always_inline long scrub_string(struct delivery *d, __u64 end, int loops)
{
	struct ks_name_key key = {.scope = d->scope, .generation = d->generation};
	struct ks_name *name;

	if (bpf_probe_read_user_str(key.name, sizeof(key.name), (void *)d->start) < 0)
		return stop(d, KS_READ_FAULT, 0);
	if (!cut_name(&key))
		return 0;
	name = bpf_map_lookup_elem(&names, &key);
	if (!name || !(name->bindings & d->lost) || (name->bindings & d->bindings))
		return 0;
	d->target = d->start + name->length + 1;
	if (d->target >= end)
		return 0;
	d->capacity = end - d->target;
	d->faulted = 0;
	for (int i = 0; i < 2 * KS_MAX_CHUNKS; i++)
		if (loops ? scrub_one_chunk(d, i) : scrub_chunk_unlooped(i))
			break;
	if (d->reason || (d->faulted && ask_agent(d, 0)))
		return 1;
	d->awaited += d->faulted;
	d->scrubbed++;
	return 0;
}

#endif
