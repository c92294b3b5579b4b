/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Searches an environment for values, under any variable name: below a seal a value may come by a pipe and be
 * set by the child before its own exec (the JVM's jspawnhelper does), or stand in a variable of another name.
 *
 * Every byte position is looked at: the 8 bytes from there on, against a sieve and then the needles of the
 * scope; a match is compared as a whole. A value shorter than 8 bytes is not found this way, only by its
 * variable's name.
 */
#ifndef KERNELSEAL_SEARCH_H
#define KERNELSEAL_SEARCH_H

#include "delivery.h"

#define WORD 8
/*
 * Positions looked at in one go, and so the bytes read: the last position's word reaches 7 further. No more, since the
 * frames of a chain of calls share 512 bytes.
 */
#define BLOCK 32
#define BLOCK_READ (BLOCK + WORD - 1)
/* Blocks of the largest environment, 6 MiB (fs/exec.c, bprm_set_stack_limit). */
#define MAX_BLOCKS (6 << 15)
#define ROUNDS_OF_BLOCKS 192

/* The text over a value: its string stays one, and shows that something was taken. */
static const char stars[KS_CHUNK] = {[0 ... KS_CHUNK - 1] = '*'};

/* BLOCK bytes of the value number d->value against those at d->target. Returns whether they differ. */
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
		return 1;
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

static __always_inline long star_chunk(__u64 index, struct delivery *d)
{
	__u64 offset = index * KS_CHUNK, last;

	if (offset >= d->capacity)
		return 1;
	last = d->capacity - offset - 1;
	asm volatile("" : "+r"(last));
	if (last > KS_CHUNK - 1)
		last = KS_CHUNK - 1;
	write_user(d, d->target + offset, stars, last);
	return d->faulted;
}

__attribute__((noinline)) int star_one_chunk(struct delivery *d, __u32 index)
{
	return d ? star_chunk(index, d) != 0 : 1;
}

__attribute__((noinline)) int star_chunk_unlooped(__u32 index)
{
	struct delivery *d = unlooped_delivery();

	return d ? !!star_chunk(index, d) : 1;
}

static __always_inline long take_out(struct delivery *d, int loops)
{
	d->faulted = 0;
	for (int i = 0; i < KS_MAX_CHUNKS; i++)
		if (loops ? star_one_chunk(d, i) : star_chunk_unlooped(i))
			break;
	if (d->reason || (d->faulted && ask_agent(d, 0)))
		return 1;
	d->scrubbed++;
	return 0;
}

__attribute__((noinline)) int take_one_out(struct delivery *d)
{
	return d ? !!take_out(d, 1) : 1;
}

__attribute__((noinline)) int take_out_unlooped(__u32 unused)
{
	struct delivery *d = unlooped_delivery();

	return d ? !!take_out(d, 0) : 1;
}

/* The 8 bytes at `at` are in the sieve. Values that the program keeps by another binding stay. */
static __always_inline long match(struct delivery *d, __u64 at, __u64 word, int loops)
{
	struct ks_needle_key key = {.scope = d->scope, .generation = d->generation, .word = word};
	struct ks_needle *needle;

	for (int rank = 0; rank < KS_NEEDLE_RANKS; rank++) {
		key.rank = rank;
		needle = bpf_map_lookup_elem(&needles, &key);
		if (!needle)
			return 0;
		if (needle->bindings & d->bindings)
			continue;
		d->target = at - needle->offset;
		d->capacity = needle->length;
		d->value = needle->value;
		if (d->target < d->start || d->target + d->capacity > d->end)
			continue;
		if (is_value_there(d, loops) && (loops ? take_one_out(d) : take_out_unlooped(0)))
			return 1;
	}
	return 0;
}

__attribute__((noinline)) int match_one(struct delivery *d, __u64 at, __u64 word)
{
	return d ? !!match(d, at, word, 1) : 1;
}

__attribute__((noinline)) int match_unlooped(__u64 at, __u64 word)
{
	struct delivery *d = unlooped_delivery();

	return d ? !!match(d, at, word, 0) : 1;
}

static __always_inline struct ks_sieve *sieve_of(const struct delivery *d)
{
	struct ks_sieve_key key = {.scope = d->scope, .generation = d->generation};

	return bpf_map_lookup_elem(&sieves, &key);
}

/* The word is moved on byte by byte: the stack is read at whole words only. */
static __always_inline long search_block(struct delivery *d, int loops)
{
	unsigned char here[BLOCK + WORD] = {};
	struct ks_sieve *sieve = sieve_of(d);
	__u64 word = 0, last, hash;
	long error;

	if (!sieve || d->at >= d->end)
		return 1;
	last = d->end - d->at - 1;
	asm volatile("" : "+r"(last));
	if (last > BLOCK_READ - 1)
		last = BLOCK_READ - 1;
	error = bpf_probe_read_user(here, last + 1, (void *)d->at);
	if (error)
		return stop(d, KS_READ_FAULT, error);
	for (int i = 0; i < BLOCK_READ; i++) {
		word = word >> 8 | (__u64)here[i] << 56;
		hash = KS_SIEVE_HASH(word);
		if (i < WORD - 1 || !(sieve->bits[hash / 64 % KS_SIEVE_WORDS] >> hash % 64 & 1))
			continue;
		if (loops ? match_one(d, d->at + i - (WORD - 1), word) : match_unlooped(d->at + i - (WORD - 1), word))
			return 1;
	}
	d->at += BLOCK;
	return 0;
}

__attribute__((noinline)) int search_one_block(struct delivery *d)
{
	return d ? !!search_block(d, 1) : 1;
}

static long search_piece(__u64 index, struct delivery *d)
{
	return search_one_block(d) != 0;
}

__attribute__((noinline)) int search_block_unlooped(__u32 index)
{
	struct delivery *d = unlooped_delivery();

	return d ? !!search_block(d, 0) : 1;
}

__attribute__((noinline)) int search_blocks_unlooped(__u32 round)
{
	for (int i = 0; i < MAX_BLOCKS / ROUNDS_OF_BLOCKS; i++)
		if (search_block_unlooped(i))
			return 1;
	return 0;
}

/* Takes out of the whole environment the values of all bindings but those of d->bindings. */
static __always_inline void search_environment(struct delivery *d, struct task_struct *task, int loops)
{
	d->start = BPF_CORE_READ(task, mm, env_start);
	d->at = d->start;
	d->end = BPF_CORE_READ(task, mm, env_end);
	if (!sieve_of(d))
		return;
	if (loops)
		bpf_loop(MAX_BLOCKS, search_piece, d, 0);
	else
		for (int i = 0; i < ROUNDS_OF_BLOCKS; i++)
			if (search_blocks_unlooped(i))
				break;
	if (!d->reason && d->at < d->end)
		stop(d, KS_TOO_LARGE, 0);
}

#endif
