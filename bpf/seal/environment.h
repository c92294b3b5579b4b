/* SPDX-License-Identifier: GPL-2.0 */
/* Walks the strings between env_start and env_end of a fresh image, and fills or scrubs each. */
#ifndef KERNELSEAL_ENVIRONMENT_H
#define KERNELSEAL_ENVIRONMENT_H

#include "fill.h"
#include "scrub.h"

/* A string longer than this is read in pieces; the bound only sizes the buffer. */
#define PIECE 4096
/* Pieces scanned before giving up with KS_TOO_LARGE. Arguments and environment have at most 6 MiB / 1 byte of strings.
 */
#define MAX_PIECES (6 << 20)
/* Without bpf_loop: rounds of rounds, since the verifier follows at most 8,192 jumps of one function. */
#define ROUNDS_UNLOOPED 1024

/* Where strings are read to learn their length. Nothing is ever read from it: decisions use the stack. */
struct piece {
	char text[PIECE];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct piece);
} pieces __weak SEC(".maps");

/*
 * With bpf_loop the work on one string is a global function as well: verified once, not in every state in which the
 * loops around it can be. Measured on 7.2: 970,000 instructions followed without, of the million allowed.
 */
__attribute__((noinline)) int fill_one(struct delivery *d, __u64 end)
{
	return d ? !!fill_string(d, end, 1) : 1;
}

__attribute__((noinline)) int scrub_one(struct delivery *d, __u64 end)
{
	return d ? !!scrub_string(d, end, 1) : 1;
}

static __always_inline long change_string(struct delivery *d, __u64 end, int loops)
{
	if (loops)
		return d->lost ? scrub_one(d, end) : fill_one(d, end);
	return d->lost ? scrub_string(d, end, 0) : fill_string(d, end, 0);
}

static __always_inline long read_string(struct delivery *d, int loops)
{
	__u32 zero = 0;
	struct piece *piece = bpf_map_lookup_elem(&pieces, &zero);
	long length, stopped;

	if (!piece || d->at >= d->end)
		return 1;
	length = bpf_probe_read_user_str(piece->text, PIECE, (void *)d->at);
	if (length < 0)
		return stop(d, KS_READ_FAULT, length);
	if (!length) /* an empty string where its terminator is not counted (strncpy_from_user_nofault on 6.1) */
		length = 1;
	if (length == PIECE) {
		/* the terminator is this piece's last byte or further on: the next piece starts there either way */
		d->at += PIECE - 1;
		return 0;
	}
	stopped = change_string(d, d->at + length - 1, loops);
	d->at += length;
	d->start = d->at;
	return stopped;
}

static long read_piece(__u64 index, struct delivery *d)
{
	return read_string(d, 1) != 0;
}

__attribute__((noinline)) int read_piece_unlooped(void)
{
	struct delivery *d = unlooped_delivery();

	return d ? !!read_string(d, 0) : 1;
}

__attribute__((noinline)) int read_pieces_unlooped(void)
{
	for (int i = 0; i < ROUNDS_UNLOOPED; i++)
		if (read_piece_unlooped())
			return 1;
	return 0;
}

/*
 * Walks the whole environment; fills placeholders, or with `lost` bindings takes their values out. `loops`: the kernel
 * has bpf_loop; a constant, so that a program without holds no trace of a callback, which old verifiers refuse.
 */
static __always_inline void walk_environment(struct delivery *d, struct task_struct *task, int loops)
{
	d->start = BPF_CORE_READ(task, mm, env_start);
	d->at = d->start;
	d->end = BPF_CORE_READ(task, mm, env_end);
	if (loops)
		bpf_loop(MAX_PIECES, read_piece, d, 0);
	else
		for (int i = 0; i < ROUNDS_UNLOOPED; i++)
			if (read_pieces_unlooped())
				break;
	if (!d->reason && d->at < d->end)
		stop(d, KS_TOO_LARGE, 0);
}

#endif
