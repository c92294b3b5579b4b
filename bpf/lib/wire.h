/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * The interface of kernel and agent: the keys and values of the maps, and the events.
 *
 * Fixed-width types, explicit padding, no packed structures, no bool or enum fields: enum values are constants only,
 * and every field that holds one is a __u32. The agent compares its field tables (agent/wire/layout.ts) with this
 * object's BTF at every start and refuses on a mismatch.
 */
#ifndef KERNELSEAL_WIRE_H
#define KERNELSEAL_WIRE_H

#define KS_ABI 2

#include "wire/binding.h"
#include "wire/counter.h"
#include "wire/event.h"
#include "wire/policy.h"
#include "wire/process.h"
#include "wire/reason.h"
#include "wire/value.h"
#include "wire/way.h"

#endif
