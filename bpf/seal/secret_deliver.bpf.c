// SPDX-License-Identifier: GPL-2.0
/*
 * Seals a process and writes its secrets over the placeholders of its environment.
 *
 *   sched_process_exec  exec_binprm(): the new memory map and its initial stack are in place, no instruction of the
 *                       program has run. The seal comes first, then the values; between them is no user-space step.
 *                       (Earlier nothing may be written: create_elf_tables() finds the strings by their lengths.)
 *
 * Where the kernel may not write, or meets a page that is not there, the process is stopped before its first
 * instruction and the agent told each value and its address (delivery.h).
 *
 * A value that cannot be written ends the process (policy `on-failure: kill`), so that it never runs half-filled.
 */
#include "emit.h"
#include "environment.h"
#include "perf_opening.h"
#include "perf_sample.h"
#include "proof.h"
#include "search.h"

/* Events looked at; a task with more counts as sampled. */
#define MAX_PERF_EVENTS 16

/*
 * Plain counters (perf stat on an ancestor) are no danger. A global function, which takes numbers only: verified once,
 * not in each state of the program around it.
 */
__attribute__((noinline)) int samples_user(__u64 address)
{
	struct perf_event_context *context = (void *)address;
	struct list_head *head, *at;
	struct perf_event *event;

	if (!context)
		return 0;
	head = (void *)context + bpf_core_field_offset(struct perf_event_context, event_list);
	at = BPF_CORE_READ(context, event_list.next);
	for (int i = 0; i < MAX_PERF_EVENTS; i++) {
		if (!at || at == head)
			return 0;
		event = (void *)at - bpf_core_field_offset(struct perf_event, event_entry);
		if (samples_of_user(event))
			return 1;
		at = BPF_CORE_READ(at, next);
	}
	return 1;
}

/* Opened before the exec, perf events sample the new image as they did the old; no hook sees them again. */
static __always_inline int is_sampled(struct task_struct *task)
{
	struct task_struct___two_contexts *two = (void *)task;
	struct task_struct___one_context *one = (void *)task;
	struct perf_event_context *context;

	if (bpf_core_field_exists(one->perf_event_ctxp))
		return samples_user((__u64)BPF_CORE_READ(one, perf_event_ctxp));
	for (int i = 0; i < 2; i++) {
		bpf_core_read(&context, sizeof(context), &two->perf_event_ctxp[i]);
		if (samples_user((__u64)context))
			return 1;
	}
	return 0;
}

/* The process on which the agent proves protection: neither reported nor counted. */
static __always_inline int is_canary(const struct ks_process *process)
{
	return (process->flags & (KS_CANARY | KS_AGENT)) == KS_CANARY;
}

static __always_inline __u32 deliver(struct ks_process *process, struct ks_scope *scope, struct task_struct *task,
				     struct linux_binprm *bprm, struct delivery *delivery, int loops)
{
	delivery->bindings = process->bindings;
	delivery->refused = process->pending & process->refused;
	delivery->refusal = process->reason;
	delivery->pinned = process->pending & scope->pinned_bindings;
	/* the canary looks for guards that are gone, with a value that is worth nothing */
	delivery->proven = take_proof(process, bprm) || is_canary(process);
	delivery->traced = BPF_CORE_READ(task, ptrace) || is_being_opened(task) || is_sampled(task);
	walk_environment(delivery, task, loops);
	if (delivery->reason)
		return delivery->reason;
	return delivery->written ? KS_OK : KS_NO_PLACEHOLDER;
}

static __always_inline void count_of(const struct ks_process *process, __u32 counter, __u64 many)
{
	if (!is_canary(process))
		count_many(process->scope, counter, many);
}

static __always_inline void report(struct ks_process *process, struct linux_binprm *bprm, __u32 kind, __u32 action,
				   const struct delivery *delivery, __u64 begun)
{
	struct ks_event *event = is_canary(process) ? NULL : event_start(kind, process->scope, NULL);

	if (!event)
		return;
	event->action = action;
	event->reason = delivery->reason;
	event->error = delivery->error;
	event->bindings = process->bindings;
	event->count = kind == KS_EV_SCRUB ? delivery->scrubbed : delivery->written;
	event->duration = begun ? bpf_ktime_get_ns() - begun : 0;
	event->actor.flags = process->flags;
	bpf_probe_read_kernel_str(event->file, sizeof(event->file), BPF_CORE_READ(bprm, filename));
	event_submit(event);
}

/* A process that got some values and not others is killed under every policy. */
static __always_inline __u32 give_up(const struct ks_scope *scope, const struct delivery *delivery)
{
	count(delivery->scope, KS_N_FAILED);
	if (!delivery->written && (scope->switches & KS_START_ON_FAILURE))
		return KS_STARTED;
	bpf_send_signal(SIGKILL);
	return KS_KILLED;
}

/*
 * Without a placeholder there was nothing to deliver. A process that was sealed before the exec has its values from
 * the caller's environment and stays sealed; another has none, and its seal ends. Only a program that a binding
 * names was expected to have one.
 */
static __always_inline void without_placeholder(struct ks_process *process, struct ks_scope *scope, __u32 was_sealed,
						struct linux_binprm *bprm, const struct delivery *delivery)
{
	if (was_sealed)
		return;
	process->flags &= ~KS_SEALED;
	if (process->bindings & ~scope->entry_bindings)
		report(process, bprm, KS_EV_FAIL, KS_STARTED, delivery, 0);
	process->bindings = 0;
}

/* A binding whose variables are added: the agent rebuilds the initial stack. */
static __always_inline __u32 add_by_agent(struct ks_process *process, struct ks_scope *scope, struct delivery *delivery)
{
	if (delivery->traced || !delivery->proven)
		return delivery->traced ? KS_TRACED : KS_UNPROVEN;
	if (!has_agent(process->scope))
		return KS_NO_AGENT;
	if (process->pending & scope->added_bindings & process->refused)
		return process->reason;
	if (process->pending & scope->pinned_bindings)
		delivery->chores |= KS_PROVE;
	delivery->chores |= KS_ADD;
	return KS_OK;
}

/* Returns whether the process may run. */
static __always_inline int seal_and_deliver(struct ks_process *process, struct ks_scope *scope,
					    struct task_struct *task, struct linux_binprm *bprm,
					    struct delivery *delivery, int loops)
{
	__u64 begun = bpf_ktime_get_ns();
	__u32 was_sealed = process->flags & KS_SEALED, action;

	process->bindings |= process->pending;
	process->flags |= KS_SEALED;
	if (!was_sealed)
		count_of(process, KS_N_SEALED, 1);
	delivery->reason = deliver(process, scope, task, bprm, delivery, loops);
	if (delivery->reason == KS_NO_PLACEHOLDER && !was_sealed && (process->pending & scope->added_bindings))
		delivery->reason = add_by_agent(process, scope, delivery);
	if (delivery->reason == KS_NO_PLACEHOLDER) {
		without_placeholder(process, scope, was_sealed, bprm, delivery);
		return 1;
	}
	if (delivery->reason) {
		action = give_up(scope, delivery);
		report(process, bprm, KS_EV_FAIL, action, delivery, begun);
		return action == KS_STARTED;
	}
	process->flags |= KS_GIVEN | (delivery->value_first ? KS_VALUE_FIRST : 0);
	process->pid = pid_in_scope(task, process->scope);
	process->generation = delivery->generation;
	count_of(process, KS_N_VALUES, delivery->written);
	report(process, bprm, KS_EV_INJECT, KS_ALLOWED, delivery, begun);
	return 1;
}

static __always_inline int not_scrubbed(struct ks_process *process, struct linux_binprm *bprm,
					const struct delivery *delivery)
{
	count(process->scope, KS_N_FAILED);
	bpf_send_signal(SIGKILL);
	report(process, bprm, KS_EV_FAIL, KS_KILLED, delivery, 0);
	return 0;
}

/* A descendant of a scrubbed program was given no value, but may have got one another way. */
static __always_inline int scrub_below(struct ks_process *process, struct task_struct *task, struct linux_binprm *bprm,
				       struct delivery *delivery, int loops)
{
	delivery->bindings = 0;
	search_environment(delivery, task, loops);
	if (delivery->reason)
		return not_scrubbed(process, bprm, delivery);
	if (delivery->scrubbed)
		report(process, bprm, KS_EV_SCRUB, KS_ALLOWED, delivery, 0);
	return 1;
}

/*
 * A sealed process became another program. The binding's rule for children decides: scrub takes the values out of
 * the environment it was given, and with the last of them the seal, and nothing below is sealed again; inherit keeps
 * both. (deny refused the exec already.) A file that is none of the container's own inherits nothing. The process is
 * still sealed while this runs. Returns whether it may run.
 */
static __always_inline int scrub(struct ks_process *process, struct ks_scope *scope, struct task_struct *task,
				 struct linux_binprm *bprm, struct delivery *delivery, int loops)
{
	__u64 ending = process->flags & KS_FOREIGN ? process->bindings : scope->scrub_bindings;
	__u64 lost = process->bindings & ending & ~process->pending;

	if (!(process->flags & KS_SEALED) || !lost)
		return process->flags & KS_BELOW_SEAL ? scrub_below(process, task, bprm, delivery, loops) : 1;
	delivery->lost = lost;
	delivery->bindings = process->bindings & ~lost;
	walk_environment(delivery, task, loops);
	if (!delivery->reason)
		search_environment(delivery, task, loops);
	if (delivery->reason)
		return not_scrubbed(process, bprm, delivery);
	delivery->lost = 0;
	report(process, bprm, KS_EV_SCRUB, KS_ALLOWED, delivery, 0);
	process->bindings &= ~lost;
	if (process->bindings)
		return 1;
	process->flags = (process->flags & ~(KS_SEALED | KS_GIVEN)) | KS_BELOW_SEAL;
	process->pending = 0;
	return 1;
}

/*
 * Stopped as soon as it would run its first instruction, until the agent has written and sends SIGCONT; which takes
 * back a SIGSTOP that is still on its way. An agent that cannot be told would never come: then it ends instead.
 */
static __always_inline void wait_for_agent(struct ks_process *process, struct task_struct *task,
					   struct linux_binprm *bprm, __u32 chores)
{
	struct ks_event *event;

	process->flags |= KS_WAITING;
	process->pid = pid_in_scope(task, process->scope);
	bpf_send_signal(SIGSTOP);
	event = order_start(KS_EV_WAIT, process->scope);
	if (!event) {
		count(process->scope, KS_N_FAILED);
		bpf_send_signal(SIGKILL);
		return;
	}
	event->pid = process->pid;
	event->detail = chores;
	event->bindings = process->bindings;
	event->actor.flags = process->flags;
	bpf_probe_read_kernel_str(event->file, sizeof(event->file), BPF_CORE_READ(bprm, filename));
	event_submit(event);
}

/*
 * An entrypoint that is not bound itself: the placeholders it brings for its children are its container's. An
 * environment that cannot be read leaves them without an owner, and they are not filled.
 */
static __always_inline void claim(struct task_struct *task, struct delivery *delivery, int loops)
{
	walk_environment(delivery, task, loops);
	delivery->reason = KS_OK;
	delivery->error = 0;
}

static __always_inline int at_exec(struct task_struct *task, struct linux_binprm *bprm, struct delivery *delivery,
				   int loops)
{
	struct ks_process *process = process_of(task);
	struct ks_scope *scope;
	int runs;

	if (!process || !(process->flags & KS_EXECING))
		return 0;
	process->flags &= ~KS_EXECING;
	scope = bpf_map_lookup_elem(&scopes, &process->scope);
	if (!scope)
		return 0;
	/* An agent's child is not the agent. What is blind as well is a successor that has not enrolled (home.h). */
	if ((process->flags & (KS_AGENT | KS_BLIND)) == KS_AGENT)
		process->flags = (process->flags & ~KS_AGENT) | KS_VISITOR;
	delivery->scope = process->scope;
	delivery->container = (scope->switches & KS_HOST) || is_canary(process) ? 0 : process->container;
	delivery->begins = !!(process->flags & KS_BEGINNING);
	process->flags &= ~KS_BEGINNING;
	delivery->generation = is_canary(process) ? 0 : scope->generation;
	count_of(process, KS_N_EXECS, 1);
	if (process->pending || !(scope->switches & KS_BINARY_FILTER))
		report(process, bprm, KS_EV_EXEC, KS_ALLOWED, delivery, 0);
	if (delivery->begins && !process->pending)
		claim(task, delivery, loops);
	runs = scrub(process, scope, task, bprm, delivery, loops);
	if (runs && process->pending)
		runs = seal_and_deliver(process, scope, task, bprm, delivery, loops);
	if (runs && (delivery->asked || delivery->chores & KS_ADD))
		wait_for_agent(process, task, bprm, delivery->chores);
	process->pending = 0;
	process->flags &= ~KS_FOREIGN;
	return 0;
}

/*
 * Four times, for the reason that hook.h gives: an exec that preempts another in here finds the next one free; each
 * does its work once. Measured with one: 3 of 400 starts kept their placeholders on 7.2. Should all four be taken, the
 * program starts with its placeholders, as one that is not bound.
 */
#define AT_EXEC(name)                                                                                                  \
	SEC("tp_btf/sched_process_exec")                                                                               \
	int BPF_PROG(name, struct task_struct *task, int old_pid, struct linux_binprm *bprm)                           \
	{                                                                                                              \
		struct delivery delivery = {};                                                                         \
		return at_exec(task, bprm, &delivery, 1);                                                              \
	}

AT_EXEC(deliver_exec)
AT_EXEC(deliver_exec_2)
AT_EXEC(deliver_exec_3)
AT_EXEC(deliver_exec_4)

/* For kernels without bpf_loop (before 5.17); none of them preempts tracepoints. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(unlooped_deliver_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct delivery *delivery = unlooped_delivery();

	if (!delivery)
		return 0;
	__builtin_memset(delivery, 0, sizeof(*delivery));
	return at_exec(task, bprm, delivery, 0);
}

char LICENSE[] SEC("license") __weak = "GPL";
