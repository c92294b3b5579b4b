/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Divides a table that processes fill among the scopes they are in: one that has as many entries as there are free
 * places gets no more. However many one Pod has, or keeps from being forgotten, there is room for those of another.
 */
#ifndef KERNELSEAL_SHARE_H
#define KERNELSEAL_SHARE_H

#include "record.h"

enum shared_table { RECORDS, GROUPS };

struct share_key {
	__u32 table; /* enum shared_table */
	__u32 scope; /* 0: all of the table */
};

/* -> entries. Full, as `scopes` is then: the scope gets none. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct share_key);
	__type(value, __s64);
} shares __weak SEC(".maps");

static const __s64 nothing_yet = 0;

static __always_inline __s64 *share_of(__u32 table, __u32 scope)
{
	struct share_key key = {.table = table, .scope = scope};
	__s64 *known = bpf_map_lookup_elem(&shares, &key);

	if (known)
		return known;
	bpf_map_update_elem(&shares, &key, &nothing_yet, BPF_NOEXIST);
	return bpf_map_lookup_elem(&shares, &key);
}

static __always_inline int has_share_left(__u32 table, __u32 scope, __s64 most)
{
	__s64 *own = share_of(table, scope), *all = share_of(table, 0);

	return own && all && *own + *all < most;
}

static __always_inline void take_share(__u32 table, __u32 scope)
{
	__s64 *own = share_of(table, scope), *all = share_of(table, 0);

	if (!own || !all)
		return;
	__sync_fetch_and_add(own, 1);
	__sync_fetch_and_add(all, 1);
}

/* Of a scope that has ended, or of an entry that came before its scope was counted, nothing is counted any more. */
static __always_inline void return_share(__u32 table, __u32 scope)
{
	struct share_key key = {.table = table, .scope = scope};
	__s64 *own = bpf_map_lookup_elem(&shares, &key), *all = share_of(table, 0);

	if (!own || !all || *own <= 0)
		return;
	__sync_fetch_and_add(own, -1);
	__sync_fetch_and_add(all, -1);
}

/* Of a scope that has ended: those of its entries that are left are no longer counted. */
static __always_inline void end_share(__u32 table, __u32 scope)
{
	struct share_key key = {.table = table, .scope = scope};
	__s64 *own = bpf_map_lookup_elem(&shares, &key), *all = share_of(table, 0);

	if (!own)
		return;
	if (all)
		__sync_fetch_and_add(all, -*own);
	bpf_map_delete_elem(&shares, &key);
}

static __always_inline void drop_record(__u64 key)
{
	struct ks_process *process = bpf_map_lookup_elem(&processes, &key);
	__u32 scope;

	if (!process)
		return;
	scope = process->scope;
	if (!bpf_map_delete_elem(&processes, &key)) /* else another copy of the program did */
		return_share(RECORDS, scope);
}

/* Returns 0, or -ENOMEM: the table is full, or the scope's share of it. One that is there already is replaced. */
static __always_inline int keep_record(__u64 key, const struct ks_process *record)
{
	struct ks_process *old = bpf_map_lookup_elem(&processes, &key);

	if (old && old->scope == record->scope)
		return bpf_map_update_elem(&processes, &key, record, BPF_ANY) ? -ENOMEM : 0;
	drop_record(key);
	if (!has_share_left(RECORDS, record->scope, MOST_RECORDS) ||
	    bpf_map_update_elem(&processes, &key, record, BPF_NOEXIST))
		return -ENOMEM;
	take_share(RECORDS, record->scope);
	return 0;
}

#endif
