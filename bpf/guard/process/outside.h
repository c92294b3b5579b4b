/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes outside of a Pod, asked for from inside. No number names one there, but a descriptor may: SO_PEERPIDFD of a
 * process of the host that connects to a socket of the Pod, a pidfd that was sent along. By it setns(2) joins the
 * host's mounts, pidfd_getfd(2) takes a file, PIDFD_GET_MNT_NAMESPACE opens the namespace.
 */
#ifndef KERNELSEAL_OUTSIDE_H
#define KERNELSEAL_OUTSIDE_H

#include "../current_call.h"
#include "opening.h"

/* By the number that it has at the namespace's own level, if any: whether it is in that namespace or in one below. */
static __always_inline int is_in_pid_ns(struct task_struct *task, struct pid_namespace *ns)
{
	__u32 level = BPF_CORE_READ(ns, level);
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct pid_namespace *found = NULL;
	struct upid *upid;

	if (BPF_CORE_READ(pid, level) < level || level >= MAX_PID_NS_DEPTH)
		return 0;
	upid = (void *)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
	bpf_core_read(&found, sizeof(found), &upid->ns);
	return found == ns;
}

/* Looks at procfs go on, where a volume shows the host's: `ps`, monitoring. Namespaces there are joined, not looked at.
 */
static __always_inline int only_looks(unsigned int mode)
{
	if (mode & (PTRACE_MODE_ATTACH | PTRACE_MODE_REALCREDS))
		return 0;
	return is_walking() ? !is_at_namespaces() : is_looking_at_files() && !is_in_ioctl();
}

static __always_inline int judge_outside(struct task_struct *target, unsigned int mode, int again)
{
	__u32 inum = current_scope();
	struct pid_namespace *ns = inum ? pid_namespace_of_pod(current_task(), inum) : NULL;
	struct ks_scope *scope;

	if (!ns || is_in_pid_ns(target, ns) || only_looks(mode))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &inum);
	if (!scope || is_agent(process_of(current_task())))
		return 0;
	return judge_in(inum, scope, NULL, target, 1, KS_WAY_PTRACE, mode, !!(mode & PTRACE_MODE_NOAUDIT), again);
}

#endif
