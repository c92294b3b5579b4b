/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Of a binding: the programs that it names, the placeholders and variables that it fills, and its number. */
#ifndef KERNELSEAL_WIRE_BINDING_H
#define KERNELSEAL_WIRE_BINDING_H

#include "assert.h"
#include "limit.h"

/* paths: a trie of the bound programs' paths, from the last component to the first. */
struct ks_path_key {
	__u32 scope;
	__u32 generation;
	__u32 node; /* 0: the last component */
	char name[KS_NAME];
};

struct ks_path {
	__u64 bindings; /* of the path that is complete here, if the root follows */
	__u64 anywhere; /* of basename selectors: in every folder */
	__u32 next;
	__u32 reserved;
};

struct ks_slot_key {
	__u32 scope;
	__u32 generation;
	char slot[KS_SLOT_LENGTH];
};

struct ks_alternative {
	__u64 bindings;
	__u32 value; /* number in secret_values; 0: there is none */
	__u32 length;
};

/* slots: a placeholder -> the values it may become, by binding. */
struct ks_slot {
	__u32 capacity;
	__u32 count;
	struct ks_alternative alternatives[KS_ALTERNATIVES];
};

struct ks_owner_key {
	__u32 scope;
	char slot[KS_SLOT_LENGTH];
};

/*
 * owners: a placeholder -> the container whose runtime gave it to the entrypoint. It moves to a container that begins a
 * life with it after this one's entrypoint has ended, and to no other.
 */
struct ks_owner {
	__u64 mount_ns; /* sequence number */
	__u64 start;	/* of its entrypoint */
};

struct ks_name_key {
	__u32 scope;
	__u32 generation;
	char name[KS_VARIABLE]; /* zero-padded: at most 62 bytes, so that the `=` behind it is read too */
};

/* names: a variable -> the bindings that give it. */
struct ks_name {
	__u64 bindings;
	__u32 length; /* of the name */
	__u32 reserved;
};

struct ks_number_key {
	__u32 scope;
	__u32 generation;
	__u32 number; /* bit of a set of bindings */
};

/* numbers: which binding a number means, for the agent that follows this one: running processes go by the number. */
struct ks_number {
	char binding[32]; /* SHA-256 of name and selector, which tell bindings apart */
	__u32 retired;
	__u32 reserved;
};

KS_ASSERT(sizeof(struct ks_path_key) == 268);
KS_ASSERT(sizeof(struct ks_path) == 24);
KS_ASSERT(sizeof(struct ks_slot_key) == 40);
KS_ASSERT(sizeof(struct ks_slot) == 136);
KS_ASSERT(sizeof(struct ks_owner_key) == 36);
KS_ASSERT(sizeof(struct ks_owner) == 16);
KS_ASSERT(sizeof(struct ks_name_key) == 72);
KS_ASSERT(sizeof(struct ks_name) == 16);
KS_ASSERT(sizeof(struct ks_number_key) == 12);
KS_ASSERT(sizeof(struct ks_number) == 40);

#endif
