/* SPDX-License-Identifier: GPL-2.0 */
/* Writing to [d->target, d->target + d->capacity) in chunks whose length the verifier can bound. */
#ifndef KERNELSEAL_CHUNK_H
#define KERNELSEAL_CHUNK_H

#include "delivery.h"

/* Writes the KS_CHUNK bytes of `text` over the chunk number `index`. Returns whether it was behind the end, or failed.
 */
static __always_inline long overwrite_chunk(__u64 index, struct delivery *d, const char *text)
{
	__u64 offset = index * KS_CHUNK, last;

	if (offset >= d->capacity)
		return 1;
	/*
	 * Index of the last byte, 0..KS_CHUNK-1, so that the length is at least 1. The asm keeps the compiler from
	 * comparing a copy: the verifier bounds the register it sees compared.
	 */
	last = d->capacity - offset - 1;
	asm volatile("" : "+r"(last));
	if (last > KS_CHUNK - 1)
		last = KS_CHUNK - 1;
	write_user(d, d->target + offset, text, last);
	return d->faulted;
}

#endif
