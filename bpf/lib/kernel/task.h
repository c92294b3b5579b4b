/* SPDX-License-Identifier: GPL-2.0 */
/* Tasks: memory, credentials, signals. */
#ifndef KERNELSEAL_LIB_KERNEL_TASK_H
#define KERNELSEAL_LIB_KERNEL_TASK_H

#include "cgroup.h"
#include "namespace.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct mm_struct {
	unsigned long env_start;
	unsigned long env_end;
	struct file *exe_file;
};

struct signal_struct {
	atomic_t live;
	unsigned int flags;
};

typedef struct {
	__u32 val;
} kuid_t;

/* Before 6.3; one word of 64 bits since, which on the machines that we are for are the same bytes. */
struct kernel_cap_struct {
	__u32 cap[2];
};

struct cred {
	kuid_t uid;
	kuid_t fsuid;
	struct kernel_cap_struct cap_effective;
	struct user_namespace *user_ns;
};

struct task_struct {
	int pid;
	int tgid;
	unsigned int ptrace;
	unsigned int personality;
	__u64 start_boottime;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct hlist_node pid_links[4];
	struct mm_struct *mm;
	const struct cred *cred;
	struct fs_struct *fs;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct css_set *cgroups;
	struct nameidata *nameidata;
	char comm[16];
};

struct sigaction {
	void *sa_handler;
};

struct k_sigaction {
	struct sigaction sa;
};

#pragma clang attribute pop

#endif
