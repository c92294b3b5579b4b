/* SPDX-License-Identifier: GPL-2.0 */
/* The file that an exec starts: whether it is a script, the image's own, and which bindings name it. */
#ifndef KERNELSEAL_EXEC_FILE_H
#define KERNELSEAL_EXEC_FILE_H

#include "identity.h"
#include "image_file.h"
#include "program.h"

/* `#!`: the same hook is called again for the interpreter, which counts (fs/binfmt_script.c). */
static __always_inline int is_script(struct linux_binprm *bprm)
{
	char magic[2] = {};

	bpf_core_read(magic, sizeof(magic), &bprm->buf);
	return magic[0] == '#' && magic[1] == '!';
}

/* The first of the files of one exec: a script's interpreter comes with `interp` changed (bprm_change_interp). */
static __always_inline int is_first(struct linux_binprm *bprm)
{
	return BPF_CORE_READ(bprm, interp) == BPF_CORE_READ(bprm, filename);
}

/*
 * The pinned bindings that the process holds, where the file is another than the one that runs, which has been proved.
 * The agent could prove it as well, but the value is there meanwhile. Under `inherit` others pass it on: then it does.
 */
static __always_inline __u64 not_running(const struct ks_process *record, const struct ks_scope *scope,
					 struct linux_binprm *bprm)
{
	struct inode *running = BPF_CORE_READ(current_task(), mm, exe_file, f_inode);

	if (is_script(bprm) || BPF_CORE_READ(bprm, file, f_inode) == running)
		return 0;
	return record->bindings & scope->pinned_bindings & (scope->scrub_bindings | scope->deny_bindings);
}

/* Every file of the exec counts for `verify`: script and interpreter. */
static __always_inline void verify(struct ks_process *record, const struct ks_scope *scope, struct linux_binprm *bprm)
{
	__u64 wanted = scope->image_bindings | scope->pinned_bindings;

	if (is_first(bprm))
		record->refused = record->reason = 0;
	if (!wanted)
		return;
	record->refused |= not_running(record, scope, bprm);
	if (record->refused)
		record->reason = KS_NOT_PINNED;
	if (!is_on_trusted_fs(bprm->file, container_of_number(record->scope, record->container)) ||
	    is_being_written(bprm->file)) {
		record->refused |= wanted;
		record->reason = KS_FOREIGN_FILE;
	} else if (scope->image_bindings && !is_image_file(bprm->file)) {
		record->refused |= scope->image_bindings;
		record->reason = KS_NOT_IMAGE;
	}
}

/*
 * The mount namespace whose files count; 0: any that the machine's root made, since services of a host have theirs.
 * There a PID namespace is a container of another runtime's, and the files in it are none of the host's programs.
 */
static __always_inline int is_own_program(struct linux_binprm *bprm, const struct ks_process *record, int host)
{
	if (!host)
		return is_own_file(bprm->file, record->container);
	if (record->scope >= KS_FIRST_PID_NS &&
	    BPF_CORE_READ(pid_namespace_of(current_task(), NULL), ns.inum) != record->scope)
		return 0;
	return is_own_file(bprm->file, 0);
}

/* The bindings that name the program, or none where it is none of the container's own (flag KS_FOREIGN). */
static __always_inline __u64 identify(struct linux_binprm *bprm, struct ks_process *record,
				      const struct ks_scope *scope)
{
	int host = !!(scope->switches & KS_HOST);

	record->flags &= ~KS_FOREIGN;
	if (!is_own_program(bprm, record, host)) {
		record->flags |= KS_FOREIGN;
		return 0;
	}
	return bindings_of_program(bprm->file, record->scope, scope->generation, host ? 0 : record->container);
}

#endif
