/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Numbers that both sides count with. An enum and no macros: BTF, which the agent's copy is made from, has no macros.
 */
#ifndef KERNELSEAL_WIRE_LIMIT_H
#define KERNELSEAL_WIRE_LIMIT_H

enum ks_limit {
	/* bytes of a placeholder's slot */
	KS_SLOT_LENGTH = 32,
	/* different values that one placeholder may become, by binding */
	KS_ALTERNATIVES = 8,
	/* bytes of a path component: NAME_MAX and its terminator (include/uapi/linux/limits.h) */
	KS_NAME = 256,
	/* bytes of a variable's name, the `=` behind it and a terminator */
	KS_VARIABLE = 64,
	/* bytes of a secret in one entry of secret_values, and entries of one secret */
	KS_CHUNK = 1024,
	KS_MAX_CHUNKS = 64,
	/* values that have the same 8 bytes as their needle; one more is not searched for */
	KS_NEEDLE_RANKS = 4,
	/* words of 64 bits in a sieve */
	KS_SIEVE_WORDS = 64,
	/* bytes of the texts of an event */
	KS_FILE = 256,
	KS_COMM = 16,
	/* bytes of a control group's path, terminator included */
	KS_CGROUP_PATH = 256,
	/* lives of containers that a scope remembers: those that ended make room, oldest first */
	KS_LIVES = 128,
	/* bindings of a policy, one bit each; the bit above is the canary's */
	KS_MOST_BINDINGS = 63,
	/*
	 * No PID namespace has a number below (include/linux/proc_ns.h, PROC_USER_INIT_INO): scopes that are control
	 * groups have those.
	 */
	KS_FIRST_PID_NS = 0xe0000000U,
};

#endif
