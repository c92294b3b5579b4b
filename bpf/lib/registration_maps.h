/* SPDX-License-Identifier: GPL-2.0 */
/* The maps that an agent fills when it registers a scope: programs, their variables and values. */
#ifndef KERNELSEAL_REGISTRATION_MAPS_H
#define KERNELSEAL_REGISTRATION_MAPS_H

#include "kernel.h"
#include "wire.h"

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
