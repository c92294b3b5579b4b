/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Why a delivery failed. */
#ifndef KERNELSEAL_WIRE_REASON_H
#define KERNELSEAL_WIRE_REASON_H

enum ks_reason {
	KS_OK = 0,
	/* the slot has no value for this process's bindings */
	KS_NO_VALUE = 1,
	/* the placeholder is shorter than registered, or damaged */
	KS_BAD_PLACEHOLDER = 2,
	KS_WRITE_FAULT = 3,
	KS_READ_FAULT = 4,
	KS_TRACED = 5,
	/* no placeholder of ours in the environment */
	KS_NO_PLACEHOLDER = 6,
	/* more strings or a longer string than can be scanned */
	KS_TOO_LARGE = 7,
	/* the kernel may not write here, and there is no agent to do it */
	KS_NO_AGENT = 8,
	/* the ring is full: the agent cannot be asked to write */
	KS_NO_ROOM = 9,
	/* the agent could not write */
	KS_NOT_WRITTEN = 10,
	/* the agent that was to write is gone */
	KS_AGENT_LOST = 11,
	/* `verify: image`: not a file of the container's image */
	KS_NOT_IMAGE = 12,
	/* `verify: sha256`: another content */
	KS_NOT_PINNED = 13,
	/* refusal has not proved itself within this exec */
	KS_UNPROVEN = 14,
	/* `verify`: on a file system that the container may have brought, and whose content it may change */
	KS_FOREIGN_FILE = 15,
	/* `verify`: code of a file that is not of the container's image is mapped already */
	KS_LIBRARY = 16,
	/* the names and values to take out of an environment are not there */
	KS_NO_LISTS = 17,
	/* it waited for the agent, was continued by the kernel itself, and became another program */
	KS_CONTINUED = 18,
};

#endif
