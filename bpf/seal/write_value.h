/* SPDX-License-Identifier: GPL-2.0 */
/* Writes a value over a placeholder, chunk by chunk. */
#ifndef KERNELSEAL_WRITE_VALUE_H
#define KERNELSEAL_WRITE_VALUE_H

#include "delivery.h"

/* One chunk of a value; behind its end zeroes, so that no padding stays. */
static __always_inline long write_chunk(__u64 index, struct delivery *d)
{
	struct ks_value_key key = {.scope = d->scope, .generation = d->generation, .value = d->value, .chunk = index};
	__u64 offset = index * KS_CHUNK, last;
	struct ks_value *value;

	if (offset >= d->capacity)
		return 1;
	last = d->capacity - offset - 1; /* bounded as in chunk.h */
	asm volatile("" : "+r"(last));
	if (last > KS_CHUNK - 1)
		last = KS_CHUNK - 1;
	value = bpf_map_lookup_elem(&secret_values, &key);
	if (!value && index == 0)
		return stop(d, KS_NO_VALUE, 0);
	write_user(d, d->target + offset, value ? (const void *)value : zeroes, last);
	return d->faulted;
}

__attribute__((noinline)) int write_one_chunk(struct delivery *d, __u32 index)
{
	return d ? write_chunk(index, d) != 0 : 1;
}

__attribute__((noinline)) int write_chunk_unlooped(__u32 index)
{
	struct delivery *d = unlooped_delivery();

	return d ? !!write_chunk(index, d) : 1;
}

static __always_inline void write_value(struct delivery *d, int loops)
{
	d->faulted = 0;
	for (int i = 0; i < KS_MAX_CHUNKS; i++)
		if (loops ? write_one_chunk(d, i) : write_chunk_unlooped(i))
			break;
	if (d->reason || (d->faulted && ask_agent(d, d->value)))
		return;
	d->written++;
}

#endif
