/* SPDX-License-Identifier: GPL-2.0 */
/* The name of a variable, cut out of its string. */
#ifndef KERNELSEAL_VARIABLE_H
#define KERNELSEAL_VARIABLE_H

#include "wire.h"

#define ONES 0x0101010101010101ULL
#define HIGHS 0x8080808080808080ULL
#define EQUALS 0x3d3d3d3d3d3d3d3dULL

/*
 * Cuts a string down to the name before its `=`, zero-padded, without a byte loop: in each word the lowest byte that is
 * `=` gets its high bit set, and the bytes below it are kept. Returns 0 when there is no `=`. A
 * string of 64 bytes or more is cut; its name is then longer than any in `names`, or its `=` is in the rest.
 */
static __always_inline int cut_name(struct ks_name_key *key)
{
	__u64 word, marks;
	int found = 0;

#pragma unroll
	for (int i = 0; i < KS_VARIABLE / 8; i++) {
		__builtin_memcpy(&word, key->name + i * 8, 8);
		if (found)
			word = 0;
		marks = word ^ EQUALS;
		marks = found ? 0 : (marks - ONES) & ~marks & HIGHS;
		if (marks) {
			word &= ((marks & -marks) - 1) >> 7;
			found = 1;
		}
		__builtin_memcpy(key->name + i * 8, &word, 8);
	}
	return found;
}

#endif
