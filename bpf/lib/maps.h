/* SPDX-License-Identifier: GPL-2.0 */
/* The maps that several programs share. Every object declares them weakly; the link keeps one of each. */
#ifndef KERNELSEAL_MAPS_H
#define KERNELSEAL_MAPS_H

#include "kernel.h"
#include "registration_maps.h"
#include "wire.h"

/* Full: the agent refuses to register another Pod and says so. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct ks_scope);
} scopes __weak SEC(".maps");

#define MOST_RECORDS 65536

/*
 * Kept and ended by share.h alone. Full, or the scope's share of it is: the fork or exec that needs a record is
 * refused with ENOMEM and counted (KS_N_RECORDS_REFUSED).
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MOST_RECORDS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct ks_process);
} processes __weak SEC(".maps");

/* Full: the container's first process counts as a visitor, gets nothing, and the record refused is counted. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ks_container_key);
	__type(value, struct ks_container);
} containers __weak SEC(".maps");

/* Written by agents when they register a scope; a scope without an entry is not counted. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct ks_counters);
} counters __weak SEC(".maps");

/* One per scope at most. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct ks_agent);
} agents __weak SEC(".maps");

/* Which scope the processes of a path's control group are; written by agents. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ks_cgroup_path);
	__type(value, __u32);
} cgroup_paths __weak SEC(".maps");

#define MOST_GROUPS 16384

/*
 * The same by number, of groups below as well; written when a group is made (cgroup_scope.bpf.c), and by the agent for
 * those that are there already. Full, or the scope's share of it is (share.h): what is started in the group by
 * processes of no scope is in none, and gets nothing; counted (KS_N_RECORDS_REFUSED).
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MOST_GROUPS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32);
} cgroup_scopes __weak SEC(".maps");

#endif
