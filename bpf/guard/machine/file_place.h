/* SPDX-License-Identifier: GPL-2.0 */
/* Where a file of the kernel's own file systems stands: its outermost components, and their names as numbers to
 * compare. */
#ifndef KERNELSEAL_FILE_PLACE_H
#define KERNELSEAL_FILE_PLACE_H

#include "kernel.h"

/* The first 16 bytes of a name that the kernel gave. */
union file_name {
	char text[16];
	__u64 words[2];
};

#define WORD(a, b, c, d, e, f, g, h)                                                                                   \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 | (__u64)(f) << 40 |    \
	 (__u64)(g) << 48 | (__u64)(h) << 56)
#define WORD3(a, b, c) WORD(a, b, c, 0, 0, 0, 0, 0)
#define WORD4(a, b, c, d) WORD(a, b, c, d, 0, 0, 0, 0)
#define FIRST(bytes) ((1ULL << (8 * (bytes))) - 1)

static __always_inline void name_of_dentry(union file_name *name, struct dentry *dentry)
{
	name->words[0] = name->words[1] = 0;
	if (dentry)
		bpf_probe_read_kernel_str(name->text, sizeof(name->text), BPF_CORE_READ(dentry, d_name.name));
}

/* A file's three outermost components below its file system's root; NULL where it has fewer. */
struct place {
	struct dentry *top, *second, *third;
};

/* Deeper than anything in procfs and sysfs that a scope may write; a deeper file is found to be nowhere, and refused.
 */
#define MAX_FILE_DEPTH 16

static __always_inline int place_of(struct place *place, struct dentry *dentry)
{
	struct dentry *parent;

	place->top = place->second = place->third = NULL;
	for (int i = 0; i < MAX_FILE_DEPTH; i++) {
		parent = BPF_CORE_READ(dentry, d_parent);
		if (parent == dentry)
			return place->top != NULL;
		place->third = place->second;
		place->second = place->top;
		place->top = dentry;
		dentry = parent;
	}
	return 0;
}

#endif
