// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners of file events that reach beyond the scope they are in.
 *
 *   path_notify   fanotify_mark(2), inotify_add_watch(2)
 *
 * Refused are questions that the opener waits for (FAN_OPEN_PERM and kin): sysfs, bpffs and control groups are one file
 * system for the machine, and each opener of a file there, the next agent too, would hang until the Pod answers. And
 * listeners on whole file systems and mounts, which see the files that others open there; unwalked.h judges the files
 * that they are handed. Watches of single files and folders go on. The policy's `kernelControl: [file-handles]` leaves
 * both to a scope.
 */
#include "hook.h"
#include "kernel_control.h"

/* include/linux/fsnotify_backend.h: FS_OPEN_PERM, FS_ACCESS_PERM, FS_OPEN_EXEC_PERM; FS_PRE_ACCESS, from 6.14 on */
#define QUESTIONS 0x170000ULL

/* Kernels number the kinds differently, but for the first. MNTNS tells of the listener's own mounts, from 6.15 on. */
enum fsnotify_obj_type { FSNOTIFY_OBJ_TYPE_INODE, FSNOTIFY_OBJ_TYPE_MNTNS = 3 };

static __always_inline int is_whole(unsigned int kind)
{
	if (kind == FSNOTIFY_OBJ_TYPE_INODE)
		return 0;
	return !bpf_core_enum_value_exists(enum fsnotify_obj_type, FSNOTIFY_OBJ_TYPE_MNTNS) ||
	       kind != bpf_core_enum_value(enum fsnotify_obj_type, FSNOTIFY_OBJ_TYPE_MNTNS);
}

ENFORCE(guard_listener, path_notify, security_path_notify, (path, mask, kind), const struct path *path, __u64 mask,
	unsigned int kind)
{
	if (!(mask & QUESTIONS) && !is_whole(kind))
		return 0;
	return judge_control(KS_CONTROL_FILE_HANDLES, KS_WAY_NOTIFY, 0, again);
}

char LICENSE[] SEC("license") __weak = "GPL";
