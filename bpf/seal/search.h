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

#include "needle.h"

/* Bytes read for one block of positions: the last position's word reaches 7 further. */
#define BLOCK_READ (BLOCK + WORD - 1)
/* Blocks of the largest environment, 6 MiB (fs/exec.c, bprm_set_stack_limit). */
#define MAX_BLOCKS (6 << 15)
#define ROUNDS_OF_BLOCKS 192

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

__attribute__((noinline)) int search_block_unlooped(void)
{
	struct delivery *d = unlooped_delivery();

	return d ? !!search_block(d, 0) : 1;
}

__attribute__((noinline)) int search_blocks_unlooped(void)
{
	for (int i = 0; i < MAX_BLOCKS / ROUNDS_OF_BLOCKS; i++)
		if (search_block_unlooped())
			return 1;
	return 0;
}

/* Of its own, as the frames of a chain of calls share 512 bytes. */
__attribute__((noinline)) int is_listed(struct delivery *d)
{
	return d && sieve_of(d);
}

__attribute__((noinline)) int is_listed_unlooped(void)
{
	struct delivery *d = unlooped_delivery();

	return d && sieve_of(d);
}

/*
 * Takes out of the whole environment the values of all bindings but those of d->bindings. Without lists nothing would
 * be found, whatever stands there: that is a failure. The sieve, which goes first, is looked for last: then all lists
 * were there throughout.
 */
static __always_inline void search_environment(struct delivery *d, struct task_struct *task, int loops)
{
	d->start = BPF_CORE_READ(task, mm, env_start);
	d->at = d->start;
	d->end = BPF_CORE_READ(task, mm, env_end);
	if (loops)
		bpf_loop(MAX_BLOCKS, search_piece, d, 0);
	else
		for (int i = 0; i < ROUNDS_OF_BLOCKS; i++)
			if (search_blocks_unlooped())
				break;
	if (!d->reason && !(loops ? is_listed(d) : is_listed_unlooped()))
		stop(d, KS_NO_LISTS, 0);
	if (!d->reason && d->at < d->end)
		stop(d, KS_TOO_LARGE, 0);
}

#endif
