/* SPDX-License-Identifier: GPL-2.0 */
/* Fills placeholders: only where `=kernelseal:v1:` follows the name of a variable that the binding gives. */
#ifndef KERNELSEAL_FILL_H
#define KERNELSEAL_FILL_H

#include "placeholder.h"
#include "variable.h"
#include "write_value.h"

#define MIN_CAPACITY 96

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

/* Said once an exec, with the variable's name: the string up to its `=`. */
static __always_inline long leave_odd(struct delivery *d)
{
	struct ks_odd *odd = d->odd++ ? NULL : event_start(struct ks_odd, KS_EV_ODD, d->scope, KS_VARIABLE);

	if (odd) {
		odd->bindings = d->chosen;
		bpf_probe_read_user_str(odd->start, sizeof(odd->start), (void *)d->start);
		event_submit(odd);
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

__attribute__((noinline)) __u64 start_of_value_unlooped(void)
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
	d->target = loops ? start_of_one_value(d) : start_of_value_unlooped();
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
		d->work |= KS_PROVE;
	if (!d->value)
		return stop(d, KS_NO_VALUE, 0);
	write_value(d, loops);
	return d->reason != 0;
}

#endif
