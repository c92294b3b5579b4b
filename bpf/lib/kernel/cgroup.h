/* SPDX-License-Identifier: GPL-2.0 */
/* Control groups. */
#ifndef KERNELSEAL_LIB_KERNEL_CGROUP_H
#define KERNELSEAL_LIB_KERNEL_CGROUP_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	__u64 id;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup_root {
	int hierarchy_id;
	unsigned int flags;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

#pragma clang attribute pop

#endif
