/* SPDX-License-Identifier: GPL-2.0 */
/* Unix sockets. */
#ifndef KERNELSEAL_LIB_KERNEL_SOCKET_H
#define KERNELSEAL_LIB_KERNEL_SOCKET_H

#include "namespace.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct sockaddr_un {
	char sun_path[108];
};

struct unix_address {
	struct sockaddr_un name[0];
};

struct sock {
	struct pid *sk_peer_pid;
};

struct unix_sock {
	struct sock sk;
	struct unix_address *addr;
};

#pragma clang attribute pop

#endif
