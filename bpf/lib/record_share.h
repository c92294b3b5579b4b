/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Makes and ends records of processes, and divides their table among the scopes: one that has as many as there are free
 * places gets no more. However many processes one Pod starts, or keeps from being forgotten, there is room for those of
 * another.
 */
#ifndef KERNELSEAL_RECORD_SHARE_H
#define KERNELSEAL_RECORD_SHARE_H

#include "record.h"

/* Scope -> its records; under 0 all there are. Full, as `scopes` is then: the scope gets none. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2048);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __s64);
} record_counts __weak SEC(".maps");

static const __s64 no_records = 0;

static __always_inline __s64 *count_of_records(__u32 scope)
{
	__s64 *known = bpf_map_lookup_elem(&record_counts, &scope);

	if (known)
		return known;
	bpf_map_update_elem(&record_counts, &scope, &no_records, BPF_NOEXIST);
	return bpf_map_lookup_elem(&record_counts, &scope);
}

/* Also what an agent has cleared away meanwhile: then there is nothing to count down. */
static __always_inline void count_down(__u32 scope)
{
	__s64 *known = bpf_map_lookup_elem(&record_counts, &scope);

	if (known)
		__sync_fetch_and_add(known, -1);
}

static __always_inline void drop_record(__u64 key)
{
	struct ks_process *process = bpf_map_lookup_elem(&processes, &key);
	__u32 scope;

	if (!process)
		return;
	scope = process->scope;
	if (bpf_map_delete_elem(&processes, &key)) /* another copy of the program did */
		return;
	count_down(scope);
	count_down(0);
}

/* Returns 0, or -ENOMEM: the table is full, or the scope's share of it. One that is there already is replaced. */
static __always_inline int keep_record(__u64 key, const struct ks_process *record)
{
	struct ks_process *old = bpf_map_lookup_elem(&processes, &key);
	__s64 *own, *all;

	if (old && old->scope == record->scope)
		return bpf_map_update_elem(&processes, &key, record, BPF_ANY) ? -ENOMEM : 0;
	drop_record(key);
	own = count_of_records(record->scope);
	all = count_of_records(0);
	if (!own || !all || *own + *all >= MOST_RECORDS)
		return -ENOMEM;
	if (bpf_map_update_elem(&processes, &key, record, BPF_NOEXIST))
		return -ENOMEM;
	__sync_fetch_and_add(own, 1);
	__sync_fetch_and_add(all, 1);
	return 0;
}

#endif
