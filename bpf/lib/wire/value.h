/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Of a value: its bytes, and the words by which an environment is searched for it. */
#ifndef KERNELSEAL_WIRE_VALUE_H
#define KERNELSEAL_WIRE_VALUE_H

#include "assert.h"
#include "limit.h"

struct ks_value_key {
	__u32 scope;
	__u32 generation;
	__u32 value;
	__u32 chunk;
};

/* values: KS_CHUNK bytes of a secret, padded with zeroes. */
struct ks_value {
	__u8 bytes[KS_CHUNK];
};

/*
 * needles: 8 bytes of each value -> which value they are of, by which an environment is searched for values
 * under any variable name. As secret as the values.
 */
struct ks_needle_key {
	__u32 scope;
	__u32 generation;
	__u32 rank; /* of values that have these 8 bytes in common: 0..KS_NEEDLE_RANKS-1 */
	__u32 reserved;
	__u64 word; /* little-endian: the first byte is the lowest */
};

/*
 * Which words any needle of a registration has, by KS_SIEVE_HASH: most of an environment is passed over by it. Every
 * registration has one, without needles an empty one. It goes before the rest of them: where it stands, all do.
 */
#define KS_SIEVE_HASH(word) (((word)*0x9e3779b97f4a7c15ULL) >> 52)

struct ks_sieve_key {
	__u32 scope;
	__u32 generation;
};

struct ks_sieve {
	__u64 bits[KS_SIEVE_WORDS];
};

struct ks_needle {
	__u64 bindings; /* that give the value */
	__u32 value;	/* number in secret_values */
	__u32 length;	/* of the value */
	__u32 offset;	/* of the 8 bytes in it */
	__u32 reserved;
};

KS_ASSERT(sizeof(struct ks_value_key) == 16);
KS_ASSERT(sizeof(struct ks_needle_key) == 24);
KS_ASSERT(sizeof(struct ks_sieve) == 512);
KS_ASSERT(sizeof(struct ks_needle) == 24);

#endif
