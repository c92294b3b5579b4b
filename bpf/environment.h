/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Walks the strings between env_start and env_end of a fresh image and writes values over placeholders.
 *
 * A placeholder is known by its last 48 bytes (slot and tail, see agent/policy/placeholder.ts), so no search for
 * the `=` is needed: what stands `capacity` bytes before the end must be `=kernelseal:v1:`.
 */
#ifndef KERNELSEAL_ENVIRONMENT_H
#define KERNELSEAL_ENVIRONMENT_H

#include "scope.h"

/* A string longer than this is read in pieces; the bound only sizes the buffer. */
#define PIECE 4096
/* Pieces scanned before giving up with KS_TOO_LARGE. An environment has at most 6 MiB / 2 bytes of strings. */
#define MAX_PIECES (1 << 22)
/* Kernels without bpf_loop unroll the walk in the verifier; they get this many. */
#define MAX_PIECES_UNROLLED 512
#define MAX_CHUNKS_UNROLLED 4

#define TAIL_LENGTH 48
#define MIN_CAPACITY 96

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

/* One chunk of a value; behind its end zeroes, so that no padding stays. */
static long write_chunk(__u64 index, struct delivery *d)
{
	struct ks_value_key key = { .scope = d->scope, .value = d->value, .chunk = index };
	__u64 offset = index * KS_CHUNK, last;
	struct ks_value *value;
	long error;

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
	value = bpf_map_lookup_elem(&secret_values, &key);
	if (!value && index == 0)
		return stop(d, KS_NO_VALUE, 0);
	error = bpf_probe_write_user((void *)(d->target + offset), value ? (const void *)value : zeroes, last + 1);
	return error ? stop(d, KS_WRITE_FAULT, error) : 0;
}

static __always_inline void write_value(struct delivery *d)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop)) {
		bpf_loop(KS_MAX_CHUNKS, write_chunk, d, 0);
	} else {
		if (d->capacity > MAX_CHUNKS_UNROLLED * KS_CHUNK) {
			stop(d, KS_TOO_LARGE, 0);
			return;
		}
		for (int i = 0; i < MAX_CHUNKS_UNROLLED; i++)
			if (write_chunk(i, d))
				break;
	}
	if (!d->reason)
		d->written++;
}

static __always_inline int choose_value(struct delivery *d, const struct ks_slot *slot)
{
	for (int i = 0; i < KS_ALTERNATIVES; i++) {
		if (!(slot->alternatives[i].bindings & d->bindings))
			continue;
		d->value = slot->alternatives[i].value;
		return 1;
	}
	return 0;
}

/* The 16th byte is the slot's first and not looked at. */
static __always_inline int is_head(const char *head)
{
	const char want[] = "=kernelseal:v1:";

#pragma unroll
	for (int i = 0; i < 15; i++)
		if (head[i] != want[i])
			return 0;
	return 1;
}

/* `:kernelseal:seal` */
static __always_inline int is_tail(const __u64 mark[2])
{
	return mark[0] == 0x736c656e72656b3aULL && mark[1] == 0x6c6165733a6c6165ULL;
}

/*
 * A placeholder belongs to the container that brought it first, as long as that container's entrypoint lives: whoever
 * learns it elsewhere, from `kubectl describe` or the environ of a probe, cannot use it in another container.
 */
static __always_inline int belongs_here(const struct delivery *d, const struct ks_slot_key *key)
{
	struct ks_container_key container = { .scope = d->scope };
	struct ks_owner ours = { .mount_ns = d->container };
	struct ks_owner *owner;

	if (!d->container)
		return 1;
	owner = bpf_map_lookup_elem(&owners, key);
	if (owner && owner->mount_ns == d->container)
		return 1;
	if (owner) {
		container.mount_ns = owner->mount_ns;
		if (bpf_map_lookup_elem(&containers, &container))
			return 0;
	}
	return !bpf_map_update_elem(&owners, key, &ours, BPF_ANY);
}

/* The slot of a placeholder that ends at `end`; NULL: the string is none of ours. */
static __always_inline struct ks_slot *slot_before(struct delivery *d, __u64 end)
{
	struct ks_slot_key key = { .scope = d->scope };
	struct ks_slot *slot;
	__u64 mark[2];
	long error;

	error = bpf_probe_read_user(mark, sizeof(mark), (void *)(end - sizeof(mark)));
	if (!error && !is_tail(mark))
		return NULL;
	if (!error)
		error = bpf_probe_read_user(key.slot, KS_SLOT_LENGTH, (void *)(end - TAIL_LENGTH));
	if (error) {
		stop(d, KS_READ_FAULT, error);
		return NULL;
	}
	slot = bpf_map_lookup_elem(&slots, &key);
	return slot && belongs_here(d, &key) ? slot : NULL;
}

/* The string [d->start, end) is complete: if it is a placeholder for one of this process's bindings, fill it. */
static __always_inline long fill_string(struct delivery *d, __u64 end)
{
	__u64 length = end - d->start;
	struct ks_slot *slot;
	char head[16];
	long error;

	if (length <= MIN_CAPACITY)
		return 0;
	slot = slot_before(d, end);
	if (!slot || !choose_value(d, slot))
		return d->reason != 0;
	d->capacity = slot->capacity;
	if (length <= d->capacity)
		return stop(d, KS_BAD_PLACEHOLDER, 0);
	d->target = end - d->capacity;
	error = bpf_probe_read_user(head, sizeof(head), (void *)(d->target - 1));
	if (error)
		return stop(d, KS_READ_FAULT, error);
	if (!is_head(head))
		return stop(d, KS_BAD_PLACEHOLDER, 0);
	if (!d->value)
		return stop(d, KS_NO_VALUE, 0);
	write_value(d);
	return d->reason != 0;
}

#define ONES 0x0101010101010101ULL
#define HIGHS 0x8080808080808080ULL
#define EQUALS 0x3d3d3d3d3d3d3d3dULL

/*
 * Cuts a string down to the name before its `=`, zero-padded, without a byte loop: in each word the lowest byte that is
 * `=` gets its high bit set, and what lies below it is kept. Returns 0 when there is no `=`. A
 * string of 64 bytes or more is cut; its name is then longer than any in `names`, or its `=` is in what is left.
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

/* Writes zeroes over [d->target, d->target + d->capacity): a value, up to its terminator. */
static long scrub_chunk(__u64 index, struct delivery *d)
{
	__u64 offset = index * KS_CHUNK, last;
	long error;

	if (offset >= d->capacity)
		return 1;
	last = d->capacity - offset - 1;
	asm volatile("" : "+r"(last));
	if (last > KS_CHUNK - 1)
		last = KS_CHUNK - 1;
	error = bpf_probe_write_user((void *)(d->target + offset), zeroes, last + 1);
	return error ? stop(d, KS_WRITE_FAULT, error) : 0;
}

/* The string [d->start, end) is complete: if it is a variable of a lost binding, its value goes. */
static __always_inline long scrub_string(struct delivery *d, __u64 end)
{
	struct ks_name_key key = { .scope = d->scope };
	struct ks_name *name;

	if (bpf_probe_read_user_str(key.name, sizeof(key.name), (void *)d->start) <= 0)
		return stop(d, KS_READ_FAULT, 0);
	if (!cut_name(&key))
		return 0;
	name = bpf_map_lookup_elem(&names, &key);
	if (!name || !(name->bindings & d->lost) || (name->bindings & d->bindings))
		return 0;
	d->target = d->start + name->length + 1;
	if (d->target >= end)
		return 0;
	d->capacity = end - d->target;
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop)) {
		bpf_loop(2 * KS_MAX_CHUNKS, scrub_chunk, d, 0);
	} else {
		for (int i = 0; i < MAX_CHUNKS_UNROLLED; i++)
			if (scrub_chunk(i, d))
				break;
		if (d->capacity > MAX_CHUNKS_UNROLLED * KS_CHUNK)
			stop(d, KS_TOO_LARGE, 0);
	}
	if (!d->reason)
		d->scrubbed++;
	return d->reason != 0;
}

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
