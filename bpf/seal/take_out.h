/* SPDX-License-Identifier: GPL-2.0 */
/* Takes a value that was found out of an environment. */
#ifndef KERNELSEAL_TAKE_OUT_H
#define KERNELSEAL_TAKE_OUT_H

#include "chunk.h"

/* The text over a value: its string stays one, and shows that something was taken. */
static const char stars[KS_CHUNK] = {[0 ... KS_CHUNK - 1] = '*'};

__attribute__((noinline)) int star_one_chunk(struct delivery *d, __u32 index)
{
	return d ? overwrite_chunk(index, d, stars) != 0 : 1;
}

__attribute__((noinline)) int star_chunk_unlooped(__u32 index)
{
	struct delivery *d = unlooped_delivery();

	return d ? !!overwrite_chunk(index, d, stars) : 1;
}

static __always_inline long take_out(struct delivery *d, int loops)
{
	d->faulted = 0;
	for (int i = 0; i < KS_MAX_CHUNKS; i++)
		if (loops ? star_one_chunk(d, i) : star_chunk_unlooped(i))
			break;
	if (d->reason || (d->faulted && ask_agent(d, 0)))
		return 1;
	if (d->faulted && d->awaited)
		d->awaited--;
	else
		d->scrubbed++;
	return 0;
}

__attribute__((noinline)) int take_one_out(struct delivery *d)
{
	return d ? !!take_out(d, 1) : 1;
}

__attribute__((noinline)) int take_out_unlooped(void)
{
	struct delivery *d = unlooped_delivery();

	return d ? !!take_out(d, 0) : 1;
}

#endif
