/* SPDX-License-Identifier: GPL-2.0 */
/* Walks the strings between env_start and env_end of a fresh image, and fills or scrubs each. */
#ifndef KERNELSEAL_ENVIRONMENT_H
#define KERNELSEAL_ENVIRONMENT_H

#include "fill.h"
#include "scrub.h"

/* A string longer than this is read in pieces; the bound only sizes the buffer. */
#define PIECE 4096
/* Pieces scanned before giving up with KS_TOO_LARGE. An environment has at most 6 MiB / 2 bytes of strings. */
#define MAX_PIECES (1 << 22)
/* Kernels without bpf_loop unroll the walk in the verifier; they get this many. */
#define MAX_PIECES_UNROLLED 512

/* Where strings are read to learn their length. Nothing is ever read from it: what decides is on the stack. */
struct piece {
	char text[PIECE];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct piece);
} pieces __weak SEC(".maps");

static long read_piece(__u64 index, struct delivery *d)
{
	__u32 zero = 0;
	struct piece *piece = bpf_map_lookup_elem(&pieces, &zero);
	long length, stopped;

	if (!piece || d->at >= d->end)
		return 1;
	length = bpf_probe_read_user_str(piece->text, PIECE, (void *)d->at);
	if (length <= 0)
		return stop(d, KS_READ_FAULT, length);
	if (length == PIECE) {
		/* the terminator is this piece's last byte or further on: the next piece starts there either way */
		d->at += PIECE - 1;
		return 0;
	}
	stopped = d->lost ? scrub_string(d, d->at + length - 1) : fill_string(d, d->at + length - 1);
	d->at += length;
	d->start = d->at;
	return stopped;
}

/* Walks the whole environment; fills placeholders, or with `lost` bindings takes their values out. */
static __always_inline void walk_environment(struct delivery *d, struct task_struct *task)
{
	d->start = BPF_CORE_READ(task, mm, env_start);
	d->at = d->start;
	d->end = BPF_CORE_READ(task, mm, env_end);
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop)) {
		bpf_loop(MAX_PIECES, read_piece, d, 0);
	} else {
		for (int i = 0; i < MAX_PIECES_UNROLLED; i++)
			if (read_piece(i, d))
				break;
	}
	if (!d->reason && d->at < d->end)
		stop(d, KS_TOO_LARGE, 0);
}

#endif
