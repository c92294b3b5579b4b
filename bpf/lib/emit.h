/* SPDX-License-Identifier: GPL-2.0 */
/* Events: reserve, fill, submit. A ring that is full loses the event and counts it; it never changes a verdict. */
#ifndef KERNELSEAL_EMIT_H
#define KERNELSEAL_EMIT_H

#include "scope.h"

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
};

/*
 * Each scope's own ring, so that no agent sees another Pod's events; made by the agent when it registers. Without
 * one, or with a full one, events are lost and counted (KS_N_EVENTS_LOST); enforcement does not depend on them.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__array(values, struct ring);
} rings __weak SEC(".maps");

/*
 * Orders to the agent (KS_EV_WRITE, KS_EV_WAIT), apart from events: however many refusals fill
 * the other ring, a process that waits for its values is heard. Full: the start fails with KS_NO_ROOM.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__array(values, struct ring);
} orders __weak SEC(".maps");

/* Puts the layouts into the object's BTF, where the agent checks them; nothing else refers to the types. */
const struct ks_exec *const exec_layout __weak = 0;
const struct ks_inject *const inject_layout __weak = 0;
const struct ks_fail *const fail_layout __weak = 0;
const struct ks_access *const access_layout __weak = 0;
const struct ks_scrub *const scrub_layout __weak = 0;
const struct ks_odd *const odd_layout __weak = 0;
const struct ks_wait *const wait_layout __weak = 0;
const struct ks_write *const write_layout __weak = 0;

static __always_inline void describe_task(struct ks_task *to, struct task_struct *task, __u32 flags)
{
	to->start = BPF_CORE_READ(task, group_leader, start_boottime);
	to->tgid = BPF_CORE_READ(task, tgid);
	to->tid = BPF_CORE_READ(task, pid);
	pid_namespace_of(BPF_CORE_READ(task, group_leader), &to->ns_tgid);
	to->uid = BPF_CORE_READ(task, cred, uid.val);
	to->flags = flags;
	to->reserved = 0;
	bpf_core_read(to->comm, sizeof(to->comm), &task->comm);
}

/*
 * An event about an action of `current`, with its beginning written and all else zero but the text, the last `text`
 * bytes: an empty string. NULL when the ring is full.
 */
static __always_inline void *event_in(void *ring, __u32 kind, __u32 scope, __u64 size, __u64 text)
{
	struct task_struct *task = current_task();
	struct ks_event *event;

	event = ring ? bpf_ringbuf_reserve(ring, size, 0) : NULL;
	if (!event) {
		count(scope, KS_N_EVENTS_LOST);
		return NULL;
	}
	__builtin_memset(event, 0, size - text);
	if (text)
		((char *)event)[size - text] = 0;
	event->time = bpf_ktime_get_ns();
	event->kind = kind;
	event->scope = scope;
	event->cgroup = bpf_get_current_cgroup_id();
	event->parent_tgid = BPF_CORE_READ(task, real_parent, tgid);
	describe_task(&event->actor, task, 0);
	return event;
}

static __always_inline void *ring_of(__u32 scope)
{
	return bpf_map_lookup_elem(&rings, &scope);
}

static __always_inline void *order_ring_of(__u32 scope)
{
	return bpf_map_lookup_elem(&orders, &scope);
}

/* `type`: the kind's structure; `text`: bytes of the text at its end, or 0. */
#define event_start(type, kind, scope, text) ((type *)event_in(ring_of(scope), kind, scope, sizeof(type), text))
#define order_start(type, kind, scope, text) ((type *)event_in(order_ring_of(scope), kind, scope, sizeof(type), text))

/* Says what the actor is as well. Not part of each event: the frames of a delivery have no room for the look-up. */
static __always_inline struct ks_access *access_start(__u32 scope, struct task_struct *target)
{
	struct ks_access *access = event_start(struct ks_access, KS_EV_ACCESS, scope, 0);
	struct ks_process *known = access ? process_of(current_task()) : NULL;

	if (access && target)
		describe_task(&access->target, target, 0);
	if (known)
		access->event.actor.flags = flags_of(known);
	return access;
}

static __always_inline void event_submit(void *event)
{
	bpf_ringbuf_submit(event, 0);
}

#endif
