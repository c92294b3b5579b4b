/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mounts of control groups by a process that sees the machine's root group as its own: the hierarchy is one for the
 * machine, and each new mount of it from there sets its options (cgroup_get_tree, kernel/cgroup/cgroup.c). Without
 * `nsdelegate` among them a container moves processes between groups, also the agent's.
 */
#ifndef KERNELSEAL_GROUP_MOUNT_H
#define KERNELSEAL_GROUP_MOUNT_H

#include "control_group.h"
#include "file_system.h"
#include "../open_file.h"
#include "../registers.h"

#define NR_FSCONFIG 431 /* the same for all architectures and tables */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct file___private {
	void *private_data;
};

struct fs_context {
	struct file_system_type *fs_type;
};

#pragma clang attribute pop

/* @type: the name of a type of file systems, in the kernel's memory; NULL: none is mounted */
static __always_inline int group_mount_verdict(const char *type, int again)
{
	union file_name name = {};

	if (!type)
		return 0;
	bpf_probe_read_kernel_str(name.text, sizeof(name.text), type);
	if (name.words[0] != WORD('c', 'g', 'r', 'o', 'u', 'p', 0, 0) &&
	    name.words[0] != WORD('c', 'g', 'r', 'o', 'u', 'p', '2', 0))
		return 0;
	if (!current_scope() || group_of_namespace(current_task()) || is_runtime())
		return 0;
	return judge_control(KS_CONTROL_CGROUPS, KS_WAY_CGROUP, KS_FILE_CGROUP, again);
}

/*
 * The same for fsconfig(2), by the descriptor that the call was given. No hook but the capability's is asked before the
 * options hold (mount_capable).
 */
static __always_inline int configured_mount_verdict(int again)
{
	struct file___private *file = (void *)open_file_of(current_task(), first_argument_of_current());
	struct fs_context *context = BPF_CORE_READ(file, private_data);

	return group_mount_verdict(BPF_CORE_READ(context, fs_type, name), again);
}

#endif
