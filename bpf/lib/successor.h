/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The successor of a scope's agent: a container that starts again at the agent's home (home.h). It is told at the first
 * exec of the container's life (KS_HEIR), at which nothing in the Pod has had a hand in it.
 */
#ifndef KERNELSEAL_SUCCESSOR_H
#define KERNELSEAL_SUCCESSOR_H

#include "home.h"
#include "image_file.h"

/*
 * The number alone says nothing: root of a container mounts an overlay over layers of its own, and makes files there
 * until one has the number that it wants. So the file has to be one of the image, on the root that the runtime made.
 */
static __always_inline int is_agents_file(const struct home *home, struct file *file,
					  const struct ks_container *container)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	return BPF_CORE_READ(inode, i_ino) == home->file && container &&
	       BPF_CORE_READ(inode, i_sb, s_dev) == container->root && !BPF_CORE_READ(inode, i_sb, s_user_ns, level) &&
	       is_image_file(file);
}

/*
 * Whether `current` is the agent's container, started again. It is known by the file it was started from: later execs
 * are its own choice, and so is the kernel's name of its program from then on (prctl(2), PR_SET_MM_EXE_FILE).
 */
static __always_inline int may_succeed(__u32 scope)
{
	struct ks_process *process = process_of(current_task());

	return process && process->scope == scope && (flags_of(process) & (KS_HEIR | KS_VISITOR)) == KS_HEIR;
}

/* A container's first exec, of a file that is its own, while its scope has no agent. */
static __always_inline int becomes_heir(const struct ks_process *process, const struct home *home, struct file *file,
					struct task_struct *task)
{
	const __u32 asked = KS_BEGINNING | KS_VISITOR | KS_FOREIGN;

	return (flags_of(process) & asked) == KS_BEGINNING && !has_agent(process->scope) &&
	       home->group == group_above(task) &&
	       is_agents_file(home, file, container_of_number(process->scope, process->container));
}

/*
 * The flags that a process gets as it execs `file`, beside its own: guarded like the agent from its first instruction
 * on, and without its rights until it enrols.
 */
static __always_inline __u32 flags_of_home(const struct ks_process *process, struct file *file,
					   struct task_struct *task)
{
	__u32 scope = process->scope; /* a key has to lie on the stack */
	struct home *home = bpf_map_lookup_elem(&homes, &scope);

	if (!home || home->outside)
		return 0;
	if (becomes_heir(process, home, file, task))
		return KS_AGENT | KS_BLIND | KS_HEIR;
	return (flags_of(process) & KS_VISITOR) && lives_with_agent(scope, task) ? KS_AGENT | KS_BLIND : 0;
}

#endif
