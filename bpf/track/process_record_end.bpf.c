// SPDX-License-Identifier: GPL-2.0
/*
 * Ends the record of a process, once it is gone, and a scope with its last process.
 *
 *   zap_pid_ns_processes, fexit  the init of a PID namespace has seen all others out: so ends the scope. (At its own
 *                                sched_process_exit they still live, and would be open.)
 *   sched_process_exit           the last thread leaves: a container's life has ended, and an agent makes room for its
 *                                successor
 *   sched_process_free           it was waited for and runs no more: the record goes. Events of perf may hold the
 *                                task_struct for longer
 *   security_task_free           the same for a child whose fork failed, which never was a process
 */
#include "emit.h"
#include "home.h"
#include "identity.h"
#include "perf_opening.h"
#include "share.h"

/* A forked child of the agent has its flag until it execs, but is not the agent. */
static __always_inline int owns_agency(__u64 leader, __u32 scope)
{
	struct ks_agent *agent = bpf_map_lookup_elem(&agents, &scope);

	return agent && agent->task == leader;
}

static __always_inline int end_scope(struct pid_namespace *ns)
{
	__u32 inum = BPF_CORE_READ(ns, ns.inum);

	bpf_map_delete_elem(&scopes, &inum);
	bpf_map_delete_elem(&homes, &inum);
	bpf_map_delete_elem(&agents, &inum);
	bpf_map_delete_elem(&entered_namespaces, &inum);
	end_share(RECORDS, inum);
	return 0;
}

/* Twice, for the reason that hook.h gives. */
SEC("fexit/zap_pid_ns_processes")
int BPF_PROG(record_end, struct pid_namespace *ns)
{
	return end_scope(ns);
}

SEC("fexit/zap_pid_ns_processes")
int BPF_PROG(record_end_2, struct pid_namespace *ns)
{
	return end_scope(ns);
}

/* Removes the entries of a process when it ends; once. */
static __always_inline void leave(struct ks_process *process, __u64 leader)
{
	__u32 scope = process->scope;

	if (process->flags & KS_ENDED)
		return;
	process->flags |= KS_ENDED;
	if ((process->flags & KS_AGENT) && owns_agency(leader, scope))
		bpf_map_delete_elem(&agents, &scope);
	if (process->flags & KS_ENTRY)
		end_life(scope, process->container, process->start);
}

static __always_inline int at_exit(struct task_struct *task)
{
	struct task_struct *leader;
	struct ks_process *process;

	/* decremented before the tracepoint (kernel/exit.c, do_exit): 0 means that this was the last thread */
	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	leader = BPF_CORE_READ(task, group_leader);
	process = process_of(task);
	if (process)
		leave(process, (__u64)leader);
	return 0;
}

/* Twice, for the reason that hook.h gives. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(record_exit, struct task_struct *task)
{
	return at_exit(task);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(record_exit_2, struct task_struct *task)
{
	return at_exit(task);
}

static __always_inline int forget(struct task_struct *task)
{
	__u64 key = (__u64)task;

	drop_record(key);
	if (bpf_map_lookup_elem(&perf_targets, &key))
		bpf_map_delete_elem(&perf_targets, &key);
	return 0;
}

/* Twice, for the reason that hook.h gives. */
SEC("tp_btf/sched_process_free")
int BPF_PROG(record_gone, struct task_struct *task)
{
	return forget(task);
}

SEC("tp_btf/sched_process_free")
int BPF_PROG(record_gone_2, struct task_struct *task)
{
	return forget(task);
}

SEC("lsm/task_free")
int BPF_PROG(record_free_lsm, struct task_struct *task)
{
	return forget(task);
}

SEC("fentry/security_task_free")
int BPF_PROG(record_free_mod, struct task_struct *task)
{
	return forget(task);
}

SEC("fentry/security_task_free")
int BPF_PROG(record_free_mod_2, struct task_struct *task)
{
	return forget(task);
}

char LICENSE[] SEC("license") __weak = "GPL";
