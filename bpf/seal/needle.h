/* SPDX-License-Identifier: GPL-2.0 */
/* One word of an environment against the needles of a scope: the value that it may begin is compared as a whole. */
#ifndef KERNELSEAL_NEEDLE_H
#define KERNELSEAL_NEEDLE_H

#include "take_out.h"
#include "value_match.h"

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
		if (is_value_there(d, loops) && (loops ? take_one_out(d) : take_out_unlooped()))
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

#endif
