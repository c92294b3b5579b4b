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

#define EPERM 1
#define ENOENT 2
#define ENOMEM 12
#define EACCES 13
#define EBUSY 16
#define SIGKILL 9
#define SIGCONT 18 /* x86 and arm64 numbers */
#define SIGSTOP 19
#define SIGSYS 31

#define S_IFMT 0170000
#define S_IFDIR 0040000
#define S_IFCHR 0020000
#define S_IFBLK 0060000
#define S_IFREG 0100000
#define FMODE_WRITE 0x2	    /* include/linux/fs.h */
#define OPENED_TO_EXEC 0x20 /* __FMODE_EXEC there: in f_flags while an exec opens its program */

#define PROC_SUPER_MAGIC 0x9fa0 /* include/uapi/linux/magic.h */
#define TRACEFS_MAGIC 0x74726163
#define PIDTYPE_PID 0		/* include/linux/pid_types.h */
#define CLONE_THREAD 0x00010000 /* include/uapi/linux/sched.h */

/* include/linux/ptrace.h */
#define PTRACE_MODE_READ 0x01
#define PTRACE_MODE_ATTACH 0x02
#define PTRACE_MODE_NOAUDIT 0x04
#define PTRACE_MODE_REALCREDS 0x10

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

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

struct mm_struct {
	unsigned long env_start;
	unsigned long env_end;
	struct file *exe_file;
};

struct signal_struct {
	atomic_t live;
};

typedef struct {
	__u32 val;
} kuid_t;

struct cred {
	kuid_t uid;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct task_struct {
	int pid;
	int tgid;
	unsigned int ptrace;
	__u64 start_boottime;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct hlist_node pid_links[4];
	struct mm_struct *mm;
	const struct cred *cred;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct css_set *cgroups;
	struct nameidata *nameidata;
	char comm[16];
};

struct qstr {
	const unsigned char *name;
};

struct block_device {
	__u32 bd_dev;
};

struct super_block {
	unsigned int s_dev;
	unsigned long s_magic;
	struct block_device *s_bdev;
	struct user_namespace *s_user_ns;
};

struct inode {
	unsigned short i_mode;
	unsigned int i_rdev;
	unsigned long i_ino;
	struct super_block *i_sb;
};

struct dentry {
	struct inode *d_inode;
	struct dentry *d_parent;
	struct qstr d_name;
	struct super_block *d_sb;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns; /* NULL once it is attached nowhere */
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct nameidata {
	struct path path;
};

struct file {
	unsigned int f_mode;
	unsigned int f_flags;
	struct path f_path;
	struct inode *f_inode;
};

struct proc_inode {
	struct pid *pid;
	struct inode vfs_inode;
};

struct linux_binprm {
	struct file *file;
	const char *filename;
	const char *interp;
	char buf[256];
};

struct perf_event_attr {
	__u32 type;
	__u64 config;
	__u64 sample_period;
	__u64 sample_type;
	__u64 exclude_user : 1;
};

struct hw_perf_event {
	struct task_struct *target;
};

struct list_head {
	struct list_head *next;
};

struct perf_event {
	struct list_head event_entry;
	struct perf_event *parent;
	struct perf_event_attr attr;
	struct hw_perf_event hw;
};

struct bpf_map {
	__u32 id;
};

struct bpf_prog_aux {
	__u32 id;
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

struct sigaction {
	void *sa_handler;
};

struct k_sigaction {
	struct sigaction sa;
};

struct perf_event_context {
	struct list_head event_list;
};

/* Before 6.2 a task has two contexts, for hardware and for software events; since then one. */
struct task_struct___two_contexts {
	struct perf_event_context *perf_event_ctxp[2];
};

struct task_struct___one_context {
	struct perf_event_context *perf_event_ctxp;
};

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

struct vm_area_struct {
	struct file *vm_file;
};

struct fown_struct;
struct kernel_siginfo;
struct rlimit;

#pragma clang attribute pop

#endif
