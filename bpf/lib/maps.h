/* SPDX-License-Identifier: GPL-2.0 */
/* The maps that several programs share. Every object declares them weakly; the link keeps one of each. */
#ifndef KERNELSEAL_MAPS_H
#define KERNELSEAL_MAPS_H

#include "kernel.h"
#include "wire.h"

/* Full: the agent refuses to register another Pod and says so. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct ks_scope);
} scopes __weak SEC(".maps");

/* Full: the fork or exec that needs a record is refused with ENOMEM and counted (KS_N_RECORDS_REFUSED). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
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

/*
 * Written by agents only; full: registration fails as a whole, with the limit named. The same for the next three.
 *
 * Maps that hold values or placeholders give sizes in place of types: a pinned map whose value has a BTF type is a file
 * that prints every entry to its reader (bpf_map_support_seq_show, kernel/bpf/syscall.c), and no hook of maps is asked.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ks_path_key);
	__type(value, struct ks_path);
} paths __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct ks_slot_key));
	__uint(value_size, sizeof(struct ks_slot));
} slots __weak SEC(".maps");

/* Full: the placeholder is not filled, and the process that brought it counts as one without. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct ks_owner_key));
	__uint(value_size, sizeof(struct ks_owner));
} owners __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ks_name_key);
	__type(value, struct ks_name);
} names __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct ks_value_key));
	__uint(value_size, sizeof(struct ks_value));
} secret_values __weak SEC(".maps");

/*
 * Written by agents with the values, and as secret: without BTF types, so that the kernel does not print the
 * content of the pin. Full: registration fails as a whole, with the limit named.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct ks_needle_key));
	__uint(value_size, sizeof(struct ks_needle));
} needles __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2048);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct ks_sieve_key));
	__uint(value_size, sizeof(struct ks_sieve));
} sieves __weak SEC(".maps");

/* Into the object's BTF, where the agent checks them: no map's types say it. */
const struct ks_needle_key *const needle_key_layout __weak = 0;
const struct ks_needle *const needle_layout __weak = 0;
const struct ks_sieve_key *const sieve_key_layout __weak = 0;
const struct ks_sieve *const sieve_layout __weak = 0;

/* Read by agents alone. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ks_number_key);
	__type(value, struct ks_number);
} numbers __weak SEC(".maps");

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

/*
 * The same by number, of groups below as well; written when a group is made (cgroup_scope.bpf.c), and by the agent for
 * those that are there already. Full: the group's processes are in no scope and get nothing.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32);
} cgroup_scopes __weak SEC(".maps");

/* Puts the layouts of those maps into the object's BTF, where the agent checks them; nothing else refers to the types.
 */
struct untyped_layouts {
	struct ks_slot_key slot_key;
	struct ks_slot slot;
	struct ks_alternative alternative;
	struct ks_owner_key owner_key;
	struct ks_owner owner;
	struct ks_value_key value_key;
	struct ks_value value;
};
const struct untyped_layouts *const untyped_layouts __weak = 0;

#endif
