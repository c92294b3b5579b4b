/* SPDX-License-Identifier: GPL-2.0 */
/* Namespaces, and the numbers of processes in them. */
#ifndef KERNELSEAL_LIB_KERNEL_NAMESPACE_H
#define KERNELSEAL_LIB_KERNEL_NAMESPACE_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct ns_common {
	unsigned int inum;
};

struct user_namespace {
	int level; /* 0: the machine's own */
};

struct pid_namespace {
	struct pid_namespace *parent;
	struct user_namespace *user_ns;
	struct ns_common ns;
	unsigned int level;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct hlist_head tasks[4];
	struct upid numbers[1];
};

struct mnt_namespace {
	struct ns_common ns;
	struct user_namespace *user_ns;
};

/* Its number among all mount namespaces there ever were: a field of its own, and from 6.18 one that all kinds have. */
struct mnt_namespace___with_seq {
	__u64 seq;
};

struct ns_common___with_id {
	__u64 ns_id;
};

struct cgroup_namespace {
	struct css_set *root_cset;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
	struct cgroup_namespace *cgroup_ns;
};

#pragma clang attribute pop

#endif
