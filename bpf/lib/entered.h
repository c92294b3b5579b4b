/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mount namespaces that no container begins in, since a process of the scope has made or joined them.
 *
 * A runtime brings `kubectl exec` into the mount namespace that the container's init has at the time
 * (/proc/<init>/ns/mnt). One that the init made for itself would be a container's that starts, and what it has mounted
 * there the image. But into a container that starts no process of the scope comes before its entrypoint.
 */
#ifndef KERNELSEAL_ENTERED_H
#define KERNELSEAL_ENTERED_H

#include "life.h"

/* Numbers remembered of a scope, each in the place that its lower bits name. */
#define MOST_ENTERED 512

struct entered {
	__u64 floor; /* every number up to this one counts as entered */
	__u64 numbers[MOST_ENTERED];
};

/* Made with a scope's first life, and gone with the scope. Full, as `scopes` is then: no life begins. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct entered);
} entered_namespaces __weak SEC(".maps");

/* Scopes whose numbers are being changed: who meets one here raises the floor instead. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u32);
} entering __weak SEC(".maps");

static const struct entered none_entered = {};

static __always_inline struct entered *entered_of(__u32 scope)
{
	struct entered *known = bpf_map_lookup_elem(&entered_namespaces, &scope);

	if (known)
		return known;
	bpf_map_update_elem(&entered_namespaces, &scope, &none_entered, BPF_NOEXIST);
	return bpf_map_lookup_elem(&entered_namespaces, &scope);
}

static __always_inline int is_entered(const struct entered *entered, __u64 number)
{
	return number <= entered->floor || entered->numbers[number % MOST_ENTERED] == number;
}

/* Of a process whose mount namespace is no container: no file there is a container's own. */
#define NOWHERE (~0ULL)

/* The container that a process without a record is in. The namespace of a living one stays its own, who ever joins. */
static __always_inline __u64 container_to_enter(struct task_struct *task, __u32 scope)
{
	struct entered *entered = bpf_map_lookup_elem(&entered_namespaces, &scope);
	__u64 number = mount_ns_of(task);

	return entered && is_entered(entered, number) && !container_of_number(scope, number) ? NOWHERE : number;
}

/* Added, not stored: two at once leave the floor too high, where a container that is starting is a visitor, and never
 * too low. (Atomic comparisons are not to be had before 5.12.) */
static __always_inline void raise_floor(struct entered *entered, __u64 number)
{
	__u64 floor = entered->floor;

	if (number > floor)
		__sync_fetch_and_add(&entered->floor, number - floor);
}

/*
 * Numbers only grow, so a forgotten one is older than all that are remembered from then on, and than a container's that
 * starts: it raises the floor.
 */
static __always_inline void remember_entered(struct entered *entered, __u32 scope, __u64 number)
{
	__u64 *place = &entered->numbers[number % MOST_ENTERED];
	__u32 busy = 1;

	if (is_entered(entered, number))
		return;
	if (bpf_map_update_elem(&entering, &scope, &busy, BPF_NOEXIST)) {
		raise_floor(entered, number);
		return;
	}
	raise_floor(entered, *place);
	*place = number;
	bpf_map_delete_elem(&entering, &scope);
}

/* One of a user namespace below the Pod's begins no life anyway (identity.h); so nobody without privileges writes here.
 */
static __always_inline int is_of_pod_user(struct mnt_namespace *ns, struct task_struct *task, __u32 scope)
{
	struct user_namespace *user = BPF_CORE_READ(ns, user_ns);

	return user && user == user_namespace_of_pod(task, scope);
}

/* `current` has made `ns`, or is about to be in it. On a host there are no containers that begin. */
static __always_inline void enter_namespace(struct mnt_namespace *ns)
{
	struct task_struct *task = current_task();
	struct ks_process *process = process_of(task);
	struct entered *entered;
	struct ks_scope *scope;
	__u64 number;

	if (!process || !is_of_pod_user(ns, task, process->scope))
		return;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope || (scope->switches & KS_HOST))
		return;
	number = mount_ns_number(ns);
	entered = number ? entered_of(process->scope) : NULL;
	if (entered)
		remember_entered(entered, process->scope, number);
}

#endif
