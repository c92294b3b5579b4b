// SPDX-License-Identifier: GPL-2.0
/*
 * Identifies a new program before it is committed, and chooses the bindings it will be delivered.
 *
 *   bprm_check_security  search_binary_handler(): the file is open, the old image still runs. For a script it is
 *                        called again for each interpreter, and the last one counts: an interpreter opens the
 *                        script's path itself, and the file behind that path may have been changed meanwhile.
 *
 * The decision waits in the record (`pending`) until secret_deliver.bpf.c finds the new image in place.
 */
#include "emit.h"
#include "exec_file.h"
#include "hook.h"
#include "identity.h"
#include "lineage.h"
#include "proof.h"
#include "share.h"
#include "successor.h"

/* The known facts of `current` as it execs; without a record it has no flags yet. */
static __always_inline void describe(struct ks_process *record, const struct ks_process *known,
				     struct task_struct *task, __u32 scope)
{
	if (known) {
		*record = *known;
	} else {
		record->scope = scope;
		record->container = container_to_enter(task, scope);
	}
	if (record->flags & KS_HEIR) /* by the file of an earlier exec, or of one that failed */
		record->flags &= record->flags & KS_BEGINNING ? ~(KS_HEIR | KS_AGENT | KS_BLIND) : ~KS_HEIR;
	record->start = BPF_CORE_READ(task, group_leader, start_boottime);
}

/* A file that is none of the container's own ends the entrypoint's bindings as well: it is not the image's. */
static __always_inline __u64 eligible(const struct ks_scope *scope, __u32 flags, __u64 program)
{
	__u64 bindings = program;

	if (flags & KS_AGENT)
		return flags & KS_CANARY ? KS_CANARY_BINDING : 0;
	if (flags & (KS_BELOW_SEAL | KS_FOREIGN))
		return 0;
	if (!(scope->switches & KS_HOST))
		bindings |= scope->entry_bindings;
	if (flags & KS_VISITOR)
		bindings &= scope->visitor_bindings;
	return bindings;
}

/*
 * Under the task that execs: if it is not the leader, de_thread() is about to make it one. A leader's is changed in
 * place: another processor may be looking at it, and a record that is replaced is free for another process at once.
 */
static __always_inline int store(const struct ks_process *record, struct ks_process *known)
{
	__u64 key = (__u64)current_task();

	if (known && key == (__u64)BPF_CORE_READ(current_task(), group_leader)) {
		__builtin_memcpy(known, record, offsetof(struct ks_process, written));
		return 0;
	}
	if (!keep_record(key, record))
		return 0;
	count(record->scope, KS_N_RECORDS_REFUSED);
	return -ENOMEM;
}

/* children: deny. A sealed process may start nothing but the bound program itself, as `verify` wants it. */
static __always_inline int denied(const struct ks_process *record, const struct ks_scope *scope)
{
	__u64 kept = record->pending & ~record->refused;

	return (record->flags & KS_SEALED) && (record->bindings & scope->deny_bindings & ~kept);
}

static __always_inline int deny_exec(struct ks_process *record, struct ks_scope *scope, struct linux_binprm *bprm,
				     int again)
{
	struct ks_access *access;

	if (scope->mode == KS_DISABLED || (again && scope->mode != KS_ENFORCE))
		return 0;
	count(record->scope, scope->mode == KS_ENFORCE ? KS_N_BLOCKED : KS_N_AUDITED);
	access = access_start(record->scope, current_task());
	if (access) {
		access->action = scope->mode == KS_ENFORCE ? KS_BLOCKED : KS_AUDITED;
		access->way = KS_WAY_EXEC;
		access->bindings = record->bindings;
		event_submit(access);
	}
	return scope->mode == KS_ENFORCE ? -EPERM : 0;
}

ENFORCE(monitor_exec, bprm_check_security, security_bprm_check, (bprm), struct linux_binprm *bprm)
{
	struct task_struct *task = current_task();
	struct ks_process *known = process_of(task), record = {};
	struct ks_scope *scope;
	__u64 program;
	__u32 inum;

	inum = known ? known->scope : scope_of_cgroup(task);
	if (!inum)
		inum = scope_of(task);
	if (!inum)
		return 0;
	scope = bpf_map_lookup_elem(&scopes, &inum);
	if (!scope)
		return 0;
	describe(&record, known, task, inum);
	if (has_lost_lineage(known, scope, task))
		become_visitor(&record);
	program = identify(bprm, &record, scope);
	if (!known && (scope->switches & KS_HOST)) {
		if (!program)
			return 0; /* a host has more processes than are ours to remember */
		record.flags |= KS_WORKLOAD;
	} else if (!known) {
		record.flags |= lineage_of(task, inum, record.container);
	}
	if (!known || (record.flags & (KS_EXECING | KS_AGENT)) == KS_EXECING)
		record.flags |= flags_of_home(&record, bprm->file, task);
	record.pending = eligible(scope, record.flags, program);
	verify(&record, scope, bprm);
	record.exec = prove_exec(bprm, known);
	record.flags |= KS_EXECING;
	if (denied(&record, scope) && !is_script(bprm) && deny_exec(&record, scope, bprm, again))
		return -EPERM;
	return store(&record, known);
}

char LICENSE[] SEC("license") __weak = "GPL";
