/* SPDX-License-Identifier: GPL-2.0 */
/* One delivery in progress, on the stack of the program that makes it. */
#ifndef KERNELSEAL_DELIVERY_H
#define KERNELSEAL_DELIVERY_H

#include "scope.h"

/* Kernels without bpf_loop unroll their loops in the verifier; a value has this many chunks there. */
#define MAX_CHUNKS_UNROLLED 4

struct delivery {
	__u64 start; /* of the string being read */
	__u64 at; /* of its next piece */
	__u64 end; /* of the environment */
	__u64 bindings;
	__u64 lost; /* bindings whose values are taken out */
	__u64 target; /* address of the value being written */
	__u32 scope;
	__u32 written;
	__u32 reason;
	__s32 error;
	__u32 value;
	__u32 capacity;
	__u32 scrubbed;
	__u32 container; /* mount namespace the process entered by; 0: a host, where placeholders belong to nobody */
};

static const char zeroes[KS_CHUNK] = {};

static __always_inline long stop(struct delivery *d, __u32 reason, long error)
{
	d->reason = reason;
	d->error = error;
	return 1;
}

#endif
