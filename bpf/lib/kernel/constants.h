/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers of errors, signals, modes and file systems; those of the kernel that no header for programs has. */
#ifndef KERNELSEAL_LIB_KERNEL_CONSTANTS_H
#define KERNELSEAL_LIB_KERNEL_CONSTANTS_H

#define EPERM 1
#define ENOENT 2
#define ENOMEM 12
#define EACCES 13
#define EBUSY 16
#define SIGKILL 9
#define SIGCONT 18 /* x86 and arm64 numbers */
#define SIGSTOP 19
#define SIGSYS 31
#define SIGNAL_UNKILLABLE 0x40 /* include/linux/sched/signal.h */

#define S_IFMT 0170000
#define S_IFDIR 0040000
#define S_IFCHR 0020000
#define S_IFBLK 0060000
#define S_IFREG 0100000
#define FMODE_WRITE 0x2	    /* include/linux/fs.h */
#define OPENED_TO_EXEC 0x20 /* __FMODE_EXEC there: in f_flags while an exec opens its program */

#define PROC_SUPER_MAGIC 0x9fa0 /* include/uapi/linux/magic.h */
#define TRACEFS_MAGIC 0x74726163
#define PIDTYPE_PID 0	    /* include/linux/pid_types.h */
#define CLONE_VM 0x00000100 /* include/uapi/linux/sched.h */
#define CLONE_THREAD 0x00010000

/* include/linux/ptrace.h */
#define PTRACE_MODE_READ 0x01
#define PTRACE_MODE_ATTACH 0x02
#define PTRACE_MODE_NOAUDIT 0x04
#define PTRACE_MODE_REALCREDS 0x10

/* include/uapi/linux/magic.h */
#define TMPFS_MAGIC 0x01021994
#define HUGETLBFS_MAGIC 0x958458f6

#endif
