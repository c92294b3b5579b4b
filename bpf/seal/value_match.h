/* SPDX-License-Identifier: GPL-2.0 */
/* Whether a value stands at an address of the environment: the 8 bytes of a needle do, so the rest is compared. */
#ifndef KERNELSEAL_VALUE_MATCH_H
#define KERNELSEAL_VALUE_MATCH_H

#include "delivery.h"

#define WORD 8
/*
 * Bytes compared, or positions looked at, in one go. No more, since the frames of a chain of calls share 512 bytes.
 */
#define BLOCK 32

/* BLOCK bytes of the value number d->value against those at d->target. Returns whether they are known to differ. */
static __always_inline long differs_at(struct delivery *d, __u32 index)
{
	struct ks_value_key key = {.scope = d->scope, .generation = d->generation, .value = d->value};
	__u64 offset = index * BLOCK, here[BLOCK / WORD] = {}, left;
	struct ks_value *value;

	if (offset >= d->capacity)
		return 0;
	/* 1..BLOCK bytes; the asm keeps the compiler from comparing a copy, whose bounds the verifier would not know */
	left = d->capacity - offset - 1;
	asm volatile("" : "+r"(left));
	if (left > BLOCK - 1)
		left = BLOCK - 1;
	if (bpf_probe_read_user(here, left + 1, (void *)(d->target + offset)))
		return 1;
	key.chunk = offset / KS_CHUNK;
	value = bpf_map_lookup_elem(&secret_values, &key);
	if (!value)
		return 0; /* it was taken away: its 8 bytes that were found are all that is known of it */
	/* a chunk is padded with zeroes, and so is the block read */
	offset &= KS_CHUNK - BLOCK;
#pragma unroll
	for (int i = 0; i < BLOCK / WORD; i++)
		if (here[i] != *(__u64 *)&value->bytes[offset + i * WORD])
			return 1;
	return 0;
}

__attribute__((noinline)) int differs_at_one(struct delivery *d, __u32 index)
{
	return d ? !!differs_at(d, index) : 1;
}

__attribute__((noinline)) int differs_at_unlooped(__u32 index)
{
	struct delivery *d = unlooped_delivery();

	return d ? !!differs_at(d, index) : 1;
}

/* One chunk of the value, in its blocks: loops within loops, since the verifier follows each round. */
static __always_inline int differs_in_chunk(struct delivery *d, __u32 chunk, int loops)
{
	for (int i = 0; i < KS_CHUNK / BLOCK; i++) {
		__u32 index = chunk * (KS_CHUNK / BLOCK) + i;

		if (loops ? differs_at_one(d, index) : differs_at_unlooped(index))
			return 1;
	}
	return 0;
}

__attribute__((noinline)) int differs_in_one_chunk(struct delivery *d, __u32 chunk)
{
	return d ? differs_in_chunk(d, chunk, 1) : 1;
}

__attribute__((noinline)) int differs_in_chunk_unlooped(__u32 chunk)
{
	struct delivery *d = unlooped_delivery();

	return d ? differs_in_chunk(d, chunk, 0) : 1;
}

static __always_inline int is_value_there(struct delivery *d, int loops)
{
	for (int i = 0; i < KS_MAX_CHUNKS; i++) {
		if (i * KS_CHUNK >= d->capacity)
			return 1;
		if (loops ? differs_in_one_chunk(d, i) : differs_in_chunk_unlooped(i))
			return 0;
	}
	return 1;
}

#endif
