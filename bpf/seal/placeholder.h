/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recognises a placeholder by its last 48 bytes (slot and tail, see agent/policy/secrets/placeholder.ts), and tells
 * whose it is.
 */
#ifndef KERNELSEAL_PLACEHOLDER_H
#define KERNELSEAL_PLACEHOLDER_H

#include "delivery.h"
#include "identity.h"

#define TAIL_LENGTH 48

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

#endif
