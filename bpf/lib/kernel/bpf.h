/* SPDX-License-Identifier: GPL-2.0 */
/* BPF maps and programs. */
#ifndef KERNELSEAL_LIB_KERNEL_BPF_H
#define KERNELSEAL_LIB_KERNEL_BPF_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct bpf_map {
	__u32 id;
};

struct bpf_prog_aux {
	__u32 id;
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

#pragma clang attribute pop

#endif
