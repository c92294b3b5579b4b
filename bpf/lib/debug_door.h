/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The debugging doors of language runtimes: opened from outside by a signal, entered by a socket, and behind each the
 * environment can be asked for (policy switch `blockDebugSignals`).
 *
 *   SIGUSR1  Node.js starts its inspector, Erlang writes a crash dump
 *   SIGQUIT  a JVM opens its attach socket, OpenJ9 writes a dump with the environment in it
 *   sockets  .java_pid<N>, dotnet-diagnostic-<N>-…: jcmd and dotnet-dump connect to them
 *
 * The kernel cannot tell a runtime's handler from a program's own (nginx reopens its logs on SIGUSR1), so the
 * sender decides: the container's own workload and the runtime outside may; a visitor and another container may not.
 */
#ifndef KERNELSEAL_DEBUG_DOOR_H
#define KERNELSEAL_DEBUG_DOOR_H

#include "identity.h"
#include "judge.h"

#define SIGQUIT 3
#define SIGUSR1 10 /* x86 and arm64 number */

static __always_inline int opens_door(int signal)
{
	return signal == SIGUSR1 || signal == SIGQUIT;
}

/* On a host: init, the parent, and processes of the same service, as its control group says. */
static __always_inline int is_of_service(struct task_struct *actor, struct task_struct *target)
{
	__u32 tgid = BPF_CORE_READ(actor, tgid);

	return tgid == 1 || tgid == BPF_CORE_READ(target, real_parent, tgid) ||
	       BPF_CORE_READ(actor, cgroups, dfl_cgrp) == BPF_CORE_READ(target, cgroups, dfl_cgrp);
}

/* Whether `current` has business with the runtime of `target`, whose record is `process`. */
static __always_inline int is_of_workload(struct ks_process *process, struct ks_scope *scope,
					  struct task_struct *target)
{
	struct task_struct *actor = current_task();
	struct ks_process *self = process_of(actor);

	if (same_memory(actor, target))
		return 1;
	if (scope->switches & KS_HOST)
		return is_agent(self) || is_of_service(actor, target);
	if (!self)
		return scope_of(actor) != process->scope;
	if (is_agent_of(process->scope))
		return 1;
	return self->scope == process->scope && (flags_of(self) & KS_WORKLOAD) && self->container == process->container;
}

static __always_inline int judge_door(struct ks_process *process, struct task_struct *target, __u32 way, __u32 detail,
				      int again)
{
	struct ks_scope *scope;

	if (!(process->flags & KS_SEALED))
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope || is_of_workload(process, scope, target))
		return 0;
	return judge(scope, process, target, !!(scope->switches & KS_BLOCK_DEBUG), way, detail, 0, again);
}

#endif
