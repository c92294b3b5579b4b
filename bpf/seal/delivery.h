/* SPDX-License-Identifier: GPL-2.0 */
/* One delivery in progress, and the two ways to write: here, or by the agent. */
#ifndef KERNELSEAL_DELIVERY_H
#define KERNELSEAL_DELIVERY_H

#include "emit.h"

struct delivery {
	__u64 start; /* of the string being read */
	__u64 at;    /* of its next piece */
	__u64 end;   /* of the environment */
	__u64 bindings;
	__u64 refused;	  /* of these, those the program failed `verify` for */
	__u64 pinned;	  /* and those the agent verifies */
	__u64 chosen;	  /* the one that gives the value being written */
	__u64 held;	  /* bindings whose values it may have from its caller's environment */
	__u64 lost;	  /* bindings whose values are taken out */
	__u64 target;	  /* address of the value being written */
	__u64 generation; /* of the registration that all of it comes from */
	__u64 container;  /* mount namespace the process entered by; 0: a host, where placeholders have no owner */
	__u32 scope;
	__u32 written;
	__u32 reason;
	__s32 error;
	__u32 value;
	__u32 capacity;
	__u32 scrubbed;
	__u32 work;    /* the agent's work beside writing */
	__u32 asked;   /* values the agent is asked to write */
	__u32 faulted; /* the value being written met a page that is not there */
	__u32 awaited; /* values the agent is asked to take out, which a search meets once more */
	__u32 refusal; /* reason of the bindings in `refused` */
	__u8 begins;   /* the entrypoint of a life that begins: the placeholders it brings are its container's */
	__u8 proven;   /* refusal has proved itself within this exec (proof.h) */
	__u8 odd;      /* placeholders that stay as they are */
	__u8 traced;   /* a tracer or sampler was there before: a value would be its */
};

/*
 * Kernels without bpf_loop (before 5.17) have their loops followed round by round by the verifier, but verify
 * a global function once, for all callers. Such a function takes numbers only: the delivery lies here, where
 * it finds it. Per CPU is safe there, since those kernels do not preempt a tracepoint. A number that it does not look
 * at is no parameter: the compiler passes none, and the verifier misses it.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct delivery);
} unlooped __weak SEC(".maps");

static __always_inline struct delivery *unlooped_delivery(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&unlooped, &zero);
}

static const char zeroes[KS_CHUNK] = {};

/* The helper bpf_probe_write_user is to be had: not under lockdown=integrity. Set by the agent that loads. */
const volatile __u32 can_write __weak = 1;

static __always_inline long stop(struct delivery *d, __u32 reason, long error)
{
	d->reason = reason;
	d->error = error;
	return 1;
}

/* At most KS_CHUNK bytes to the user's memory. `last` is the length less one, bounded by the caller. */
static __always_inline void write_user(struct delivery *d, __u64 at, const void *bytes, __u64 last)
{
	if (!can_write || (d->work & KS_PROVE) || bpf_probe_write_user((void *)at, bytes, last + 1))
		d->faulted = 1;
}

/*
 * The agent writes [d->target, d->target + d->capacity) in our place, before the process runs. Bytes already
 * written are written again.
 */
static __always_inline long ask_agent(struct delivery *d, __u32 value)
{
	struct ks_write write = {.kind = KS_EV_WRITE, .value = value, .address = d->target, .capacity = d->capacity};
	__u32 scope = d->scope; /* a key has to lie on the stack */
	void *ring = bpf_map_lookup_elem(&orders, &scope);
	struct task_struct *leader = BPF_CORE_READ(current_task(), group_leader);

	if (!d->asked && !has_agent(scope))
		return stop(d, KS_NO_AGENT, 0);
	write.generation = d->generation;
	write.time = bpf_ktime_get_ns();
	write.start = BPF_CORE_READ(leader, start_boottime);
	write.tgid = BPF_CORE_READ(leader, tgid);
	if (!ring || bpf_ringbuf_output(ring, &write, sizeof(write), 0)) {
		count(scope, KS_N_EVENTS_LOST);
		return stop(d, KS_NO_ROOM, 0);
	}
	d->asked++;
	return 0;
}

#endif
