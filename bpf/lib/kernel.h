/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's types, reduced to the fields that are read. Offsets come from the running kernel's BTF at load
 * (CO-RE), so order and size here mean nothing.
 */
#ifndef KERNELSEAL_KERNEL_H
#define KERNELSEAL_KERNEL_H

#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "kernel/bpf.h"
#include "kernel/cgroup.h"
#include "kernel/constants.h"
#include "kernel/file.h"
#include "kernel/namespace.h"
#include "kernel/perf.h"
#include "kernel/socket.h"
#include "kernel/task.h"

struct fown_struct;
struct kernel_siginfo;
struct rlimit;

#endif
