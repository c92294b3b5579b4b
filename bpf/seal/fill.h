/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes values over placeholders. A placeholder is known by its last 48 bytes (slot and tail, see
 * agent/policy/placeholder.ts), and filled only where `=kernelseal:v1:` follows the name of a variable that the
 * binding gives.
 */
#ifndef KERNELSEAL_FILL_H
#define KERNELSEAL_FILL_H

#include "delivery.h"
#include "identity.h"
#include "variable.h"

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

/* Whether the container that a placeholder was given to is in the life it was given in. */
static __always_inline int is_owner_alive(__u32 scope, const struct ks_owner *owner)
{
	struct ks_container *container = container_of_number(scope, owner->mount_ns);

	return container && !container->ended && container->start == owner->start;
}

/*
 * A placeholder belongs to the container whose runtime gave it to the entrypoint: in the environment of the first exec
 * of a life, which nothing inside the Pod has a hand in. Learned elsewhere, from `kubectl describe` or the
 * environ of a probe, it is of no use in another container, not even once the owner has ended: it moves only
 * to a container that begins its life with it, as the owner does when it starts again.
 */
static __always_inline int belongs_here(const struct delivery *d, const char *slot)
{
	struct ks_owner ours = {.mount_ns = d->container};
	struct ks_owner_key key = {.scope = d->scope};
	struct ks_container *container;
	struct ks_owner *owner;

	if (!d->container)
		return 1;
	__builtin_memcpy(key.slot, slot, sizeof(key.slot));
	owner = bpf_map_lookup_elem(&owners, &key);
	if (owner && owner->mount_ns == d->container)
		return 1;
	if (!d->begins || (owner && is_owner_alive(d->scope, owner)))
		return 0;
	container = container_of_number(d->scope, d->container);
	if (!container)
		return 0;
	ours.start = container->start;
	return !bpf_map_update_elem(&owners, &key, &ours, BPF_ANY);
}

struct slot_text {
	char text[KS_SLOT_LENGTH];
};

/* Of its own, as start_of_one_value. */
__attribute__((noinline)) int belongs_here_one(struct delivery *d, struct slot_text *slot)
{
	return d && slot ? belongs_here(d, slot->text) : 0;
}

/* The slot of a placeholder that ends at `end`; NULL: the string is none of ours. */
static __always_inline struct ks_slot *slot_before(struct delivery *d, __u64 end, int loops)
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
	if (!slot)
		return NULL;
	return (loops ? belongs_here_one(d, (void *)key.slot) : belongs_here(d, key.slot)) ? slot : NULL;
}

/* Said once an exec, with the variable's name: the string up to its `=`. */
static __always_inline long leave_odd(struct delivery *d)
{
	struct ks_event *event = d->odd++ ? NULL : event_start(KS_EV_ODD, d->scope, NULL);

	if (event) {
		event->bindings = d->chosen;
		bpf_probe_read_user_str(event->file, KS_VARIABLE, (void *)d->start);
		event_submit(event);
	}
	return 0;
}

/* Where the value of the variable begins, if the binding that was chosen gives that variable; 0: it gives another. */
static __always_inline __u64 start_of_value(const struct delivery *d)
{
	struct ks_name_key key = {.scope = d->scope, .generation = d->generation};
	struct ks_name *name;

	if (bpf_probe_read_user_str(key.name, sizeof(key.name), (void *)d->start) < 0 || !cut_name(&key))
		return 0;
	name = bpf_map_lookup_elem(&names, &key);
	return name && (name->bindings & d->chosen) ? d->start + name->length + 1 : 0;
}

/* Of its own, as the frames of a chain of calls share 512 bytes. */
__attribute__((noinline)) __u64 start_of_one_value(struct delivery *d)
{
	return d ? start_of_value(d) : 0;
}

__attribute__((noinline)) __u64 start_of_value_unlooped(__u32 unused)
{
	struct delivery *d = unlooped_delivery();

	return d ? start_of_value(d) : 0;
}

/*
 * The string [d->start, end) is complete: if it is a placeholder for one of this process's bindings, fill it. It is
 * that only as the whole value of a variable that the binding gives; anywhere else it stays as it is.
 */
static __always_inline long fill_string(struct delivery *d, __u64 end, int loops)
{
	__u64 length = end - d->start;
	struct ks_slot *slot;
	char head[16];
	long error;

	if (length <= MIN_CAPACITY)
		return 0;
	slot = slot_before(d, end, loops);
	if (!slot || !choose_value(d, slot))
		return d->reason != 0;
	d->target = loops ? start_of_one_value(d) : start_of_value_unlooped(0);
	if (!d->target)
		return leave_odd(d);
	d->capacity = slot->capacity;
	if (d->target + d->capacity < end) /* other text before it */
		return leave_odd(d);
	error = bpf_probe_read_user(head, sizeof(head), (void *)(d->target - 1));
	if (error)
		return stop(d, KS_READ_FAULT, error);
	if (d->target + d->capacity != end || !is_head(head))
		return stop(d, KS_BAD_PLACEHOLDER, 0);
	if (d->traced || !d->proven)
		return stop(d, d->traced ? KS_TRACED : KS_UNPROVEN, 0);
	if (d->chosen & d->refused)
		return stop(d, d->refusal, 0);
	if (d->chosen & d->pinned)
		d->chores |= KS_PROVE;
	if (!d->value)
		return stop(d, KS_NO_VALUE, 0);
	write_value(d, loops);
	if (d->start == BPF_CORE_READ(current_task(), mm, env_start))
		d->value_first = 1;
	return d->reason != 0;
}

#endif
