/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes values over placeholders. A placeholder is known by its last 48 bytes (slot and tail, see
 * agent/policy/placeholder.ts), so no search for the `=` is needed: what stands `capacity` bytes before the end must be
 * `=kernelseal:v1:`.
 */
#ifndef KERNELSEAL_FILL_H
#define KERNELSEAL_FILL_H

#include "delivery.h"

#define TAIL_LENGTH 48
#define MIN_CAPACITY 96

/* One chunk of a value; behind its end zeroes, so that no padding stays. */
static __always_inline long write_chunk(__u64 index, struct delivery *d)
{
	struct ks_value_key key = {.scope = d->scope, .generation = d->generation, .value = d->value, .chunk = index};
	__u64 offset = index * KS_CHUNK, last;
	struct ks_value *value;

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
	write_user(d, d->target + offset, value ? (const void *)value : zeroes, last);
	return d->faulted;
}

__attribute__((noinline)) int write_one_chunk(struct delivery *d, __u32 index)
{
	return d ? write_chunk(index, d) != 0 : 1;
}

__attribute__((noinline)) int write_chunk_unlooped(__u32 index)
{
	struct delivery *d = unlooped_delivery();

	return d ? !!write_chunk(index, d) : 1;
}

static __always_inline void write_value(struct delivery *d, int loops)
{
	d->faulted = 0;
	for (int i = 0; i < KS_MAX_CHUNKS; i++)
		if (loops ? write_one_chunk(d, i) : write_chunk_unlooped(i))
			break;
	if (d->reason || (d->faulted && ask_agent(d, d->value)))
		return;
	d->written++;
}

static __always_inline int choose_value(struct delivery *d, const struct ks_slot *slot)
{
	for (int i = 0; i < KS_ALTERNATIVES; i++) {
		if (!(slot->alternatives[i].bindings & d->bindings))
			continue;
		d->value = slot->alternatives[i].value;
		d->chosen = slot->alternatives[i].bindings;
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
static __always_inline int belongs_here(const struct delivery *d, const char *slot)
{
	struct ks_owner_key key = {.scope = d->scope};
	struct ks_container_key container = {.scope = d->scope};
	struct ks_owner ours = {.mount_ns = d->container};
	struct ks_container *entry;
	struct ks_owner *owner;

	if (!d->container)
		return 1;
	__builtin_memcpy(key.slot, slot, sizeof(key.slot));
	owner = bpf_map_lookup_elem(&owners, &key);
	if (owner) {
		container.mount_ns = owner->mount_ns;
		entry = bpf_map_lookup_elem(&containers, &container);
		if (entry && entry->start == owner->start)
			return owner->mount_ns == d->container;
	}
	container.mount_ns = d->container;
	entry = bpf_map_lookup_elem(&containers, &container);
	if (entry)
		ours.start = entry->start;
	return !bpf_map_update_elem(&owners, &key, &ours, BPF_ANY);
}

/* The slot of a placeholder that ends at `end`; NULL: the string is none of ours. */
static __always_inline struct ks_slot *slot_before(struct delivery *d, __u64 end)
{
	struct ks_slot_key key = {.scope = d->scope, .generation = d->generation};
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
	return slot && belongs_here(d, key.slot) ? slot : NULL;
}

/* The string [d->start, end) is complete: if it is a placeholder for one of this process's bindings, fill it. */
static __always_inline long fill_string(struct delivery *d, __u64 end, int loops)
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
	if (d->chosen & d->refused)
		return stop(d, KS_NOT_IMAGE, 0);
	if (d->chosen & d->pinned)
		d->chores |= KS_PROVE;
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
	write_value(d, loops);
	if (d->start == BPF_CORE_READ(current_task(), mm, env_start))
		d->value_first = 1;
	return d->reason != 0;
}

#endif
