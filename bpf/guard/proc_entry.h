/* SPDX-License-Identifier: GPL-2.0 */
/* Which way to a process's memory a file of /proc/P is, by its name. */
#ifndef KERNELSEAL_PROC_ENTRY_H
#define KERNELSEAL_PROC_ENTRY_H

#include "kernel.h"
#include "wire.h"

/* Up to 15 characters of a procfs entry's name; the names come from the kernel's tables, nobody can rename them. */
union entry_name {
	char text[16];
	__u64 words[2];
};

#define W(a, b, c, d, e, f, g, h)                                                                                      \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 | (__u64)(f) << 40 |    \
	 (__u64)(g) << 48 | (__u64)(h) << 56)

static __always_inline __u32 way_of_long(const union entry_name *name)
{
	__u64 first = name->words[0], rest = name->words[1];

	if (first == W('s', 'm', 'a', 'p', 's', '_', 'r', 'o') && rest == W('l', 'l', 'u', 'p', 0, 0, 0, 0))
		return KS_WAY_MAPS;
	if (first == W('m', 'a', 'p', '_', 'f', 'i', 'l', 'e') && rest == 's')
		return KS_WAY_MAPS;
	if (first == W('n', 'u', 'm', 'a', '_', 'm', 'a', 'p') && rest == 's')
		return KS_WAY_MAPS;
	return KS_WAY_NONE;
}

static __always_inline __u32 way_of(const union entry_name *name)
{
	if (name->words[1])
		return way_of_long(name);
	switch (name->words[0]) {
	case W('e', 'n', 'v', 'i', 'r', 'o', 'n', 0):
		return KS_WAY_ENVIRON;
	case W('m', 'e', 'm', 0, 0, 0, 0, 0):
		return KS_WAY_MEM;
	case W('m', 'a', 'p', 's', 0, 0, 0, 0):
	case W('s', 'm', 'a', 'p', 's', 0, 0, 0):
	case W('a', 'u', 'x', 'v', 0, 0, 0, 0):
	case W('s', 't', 'a', 'c', 'k', 0, 0, 0):
	case W('s', 'y', 's', 'c', 'a', 'l', 'l', 0):
	case W('p', 'a', 'g', 'e', 'm', 'a', 'p', 0):
	case W('f', 'd', 0, 0, 0, 0, 0, 0):
	case W('f', 'd', 'i', 'n', 'f', 'o', 0, 0):
		return KS_WAY_MAPS;
	}
	return KS_WAY_NONE;
}

static __always_inline __u32 way_of_file(struct file *file)
{
	union entry_name name = {};
	const unsigned char *text = BPF_CORE_READ(file, f_path.dentry, d_name.name);

	bpf_probe_read_kernel_str(name.text, sizeof(name.text), text);
	return way_of(&name);
}

#endif
