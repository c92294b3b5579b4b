/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * The interface of kernel and agent: the keys and values of the maps, and the events.
 *
 * Fixed-width types, explicit padding, no packed structures, no bool or enum fields: enum values are constants only,
 * and every field that holds one is a __u32. The agent has all of it in agent/wire/generated.ts, made from the BTF of
 * the built objects (docs/decisions/0100); at every start it compares that with the BTF of the object that it is about
 * to load, and refuses on a mismatch.
 */
#ifndef KERNELSEAL_WIRE_H
#define KERNELSEAL_WIRE_H

/* Sets of programs and maps of different versions stand side by side on a node. */
enum ks_version { KS_ABI = 2 };

/* Of a map in guarded_maps: its content is secret, or only ours to write. */
enum ks_guarded_map { KS_MAP_SECRET = 1, KS_MAP_OURS = 2 };

#include "wire/binding.h"
#include "wire/counter.h"
#include "wire/event.h"
#include "wire/limit.h"
#include "wire/policy.h"
#include "wire/process.h"
#include "wire/reason.h"
#include "wire/value.h"
#include "wire/way.h"

#endif
