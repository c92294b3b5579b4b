// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps code that is not of the image out of a process whose binding has `verify`: a library that a visitor named in
 * /etc/ld.so.preload, or put in the place of one, would read the values as the program itself.
 *
 *   mmap_file      security_mmap_file(): files that the kernel and the dynamic loader map to be executed, from exec on
 *   file_mprotect  mprotect(2): the same, mapped otherwise first
 *
 * A mapping of an overlay's file is one of its layer's file by the time of mprotect(2) (fs/overlayfs/file.c, ovl_mmap),
 * of which no more is known than of any other: in a Pod it stays as it is.
 *
 * Code that a program makes itself has no file, and passes; but not the library that would have the loader make it, by
 * relocations into memory without a file. An interpreter's input is data to the kernel.
 */
#include "judge.h"
#include "../current_call.h"
#include "hook.h"
#include "image_file.h"

#define PROT_READ 0x1 /* include/uapi/asm-generic/mman-common.h */
#define PROT_EXEC 0x4
#define READ_IMPLIES_EXEC 0x0400000 /* include/uapi/linux/personality.h */

/*
 * In a Pod the lower layers of the container's root, and nothing else; on a host, which has no image, any file system
 * that keeps its content. Not tmpfs: there lie memory files too.
 */
static __always_inline int is_trusted_code(struct file *file, const struct ks_process *process, int host)
{
	unsigned long magic = BPF_CORE_READ(file, f_inode, i_sb, s_magic);

	if (!is_on_trusted_fs(file, container_of_number(process->scope, process->container)))
		return 0;
	if (magic == OVERLAYFS_SUPER_MAGIC)
		return is_image_file(file);
	return host && magic != TMPFS_MAGIC;
}

/* The program itself has been judged, or is by its hash (exec_monitor.bpf.c, and the agent). */
static __always_inline int is_program(struct file *file)
{
	return BPF_CORE_READ(file, f_inode) == BPF_CORE_READ(current_task(), mm, exe_file, f_inode);
}

/*
 * The bindings whose values are in the memory that the file is mapped into. An exec maps the coming program before its
 * exec point, into a memory whose environment is marked last of all (fs/binfmt_elf.c, create_elf_tables): those count
 * that will stay. In any other memory the values are those it has, no matter which files an exec that failed had.
 */
static __always_inline __u64 bindings_here(const struct ks_process *process)
{
	if (BPF_CORE_READ(current_task(), mm, env_end))
		return process->bindings;
	return (process->bindings | process->pending) & ~process->refused;
}

static __always_inline int code_verdict(struct file *file, unsigned long protection, int again)
{
	struct ks_process *process;
	struct ks_scope *scope;
	__u64 given;

	if (!file)
		return 0;
	process = process_of(current_task());
	if (!process)
		return 0;
	given = bindings_here(process);
	scope = given ? bpf_map_lookup_elem(&scopes, &process->scope) : NULL;
	if (!scope || !(given & scope->trusted_bindings))
		return 0;
	if (!(protection & PROT_EXEC) && !is_loading_library())
		return 0;
	if (is_program(file) || is_trusted_code(file, process, !!(scope->switches & KS_HOST)))
		return 0;
	return judge(scope, process, current_task(), 1, KS_WAY_LIBRARY, 0, 0, again);
}

/* Hook and function have different parameters, so that the two are written out (hook.h). */
SEC("lsm/mmap_file")
int BPF_PROG(guard_code_lsm, struct file *file, unsigned long asked, unsigned long protection, unsigned long flags,
	     int ret)
{
	return ret ? ret : as_errno(code_verdict(file, protection, 0));
}

/* What the LSM hook is told and the function is not (mmap_prot, security/security.c). */
static __always_inline unsigned long given_protection(unsigned long asked)
{
	if ((asked & PROT_READ) && (BPF_CORE_READ(current_task(), personality) & READ_IMPLIES_EXEC))
		return asked | PROT_EXEC;
	return asked;
}

#define GUARD_CODE(name, again)                                                                                        \
	SEC("fmod_ret/security_mmap_file")                                                                             \
	int BPF_PROG(name, struct file *file, unsigned long protection, unsigned long flags, int ret)                  \
	{                                                                                                              \
		return ret ? ret : as_errno(code_verdict(file, given_protection(protection), again));                  \
	}

GUARD_CODE(guard_code_mod, 0)
GUARD_CODE(guard_code_mod_2, 1)
GUARD_CODE(guard_code_mod_3, 1)

ENFORCE(guard_mprotect, file_mprotect, security_file_mprotect, (vma, asked, protection), struct vm_area_struct *vma,
	unsigned long asked, unsigned long protection)
{
	return protection & PROT_EXEC ? code_verdict(BPF_CORE_READ(vma, vm_file), protection, again) : 0;
}

char LICENSE[] SEC("license") __weak = "GPL";
