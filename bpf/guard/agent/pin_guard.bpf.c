// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps the pins (row 13): without them the node's set would go with its last agent.
 *
 *   inode_unlink, inode_rmdir        vfs_unlink(), vfs_rmdir()
 *   inode_rename                     vfs_rename(): either side, since a covered file is removed
 *   inode_link, inode_symlink, inode_create, inode_mknod, inode_mkdir
 *                                    vfs_link() and kin: nothing foreign among the pins
 *   sb_umount, sb_mount, move_mount  the bpf file system itself: with its last mount all pins go, and something mounted
 *                                    over it hides them from the next agent
 *
 * Inside a scope only its agent does any of this below /kernelseal of a bpf file system. In the machine's own PID
 * namespace root may (`kernelseal unload`), and it is reported.
 */
#include "hook.h"
#include "judge.h"
#include "pin.h"
#include "../machine/group_mount.h"
#include "../report.h"

/* s_dev of the file system that holds the pins; 0: there is none. Set by the agent that loads. */
const volatile __u32 pin_device __weak = 0;

/* include/uapi/linux/mount.h */
#define MS_REMOUNT 32UL
#define MS_BIND 4096UL
#define MS_PROPAGATION ((1UL << 17) | (1UL << 18) | (1UL << 19) | (1UL << 20))

static __always_inline int judge_pin(int again)
{
	__u32 inum = current_scope();
	struct ks_scope *scope = inum ? bpf_map_lookup_elem(&scopes, &inum) : NULL;

	if (!scope || is_agent(process_of(current_task())))
		return 0;
	if (inum == INIT_PID_NS && in_machine_pid_ns())
		return again ? 0 : report_host(inum, KS_WAY_PIN, 0);
	return judge_in(inum, scope, NULL, NULL, 1, KS_WAY_PIN, 0, 0, again);
}

static __always_inline int entry_verdict(struct inode *directory, struct dentry *dentry, int again)
{
	if (BPF_CORE_READ(directory, i_sb, s_magic) != BPF_FS_MAGIC || !is_pin(dentry))
		return 0;
	return judge_pin(again);
}

ENFORCE(guard_unlink, inode_unlink, security_inode_unlink, (directory, dentry), struct inode *directory,
	struct dentry *dentry)
{
	return entry_verdict(directory, dentry, again);
}

ENFORCE(guard_rmdir, inode_rmdir, security_inode_rmdir, (directory, dentry), struct inode *directory,
	struct dentry *dentry)
{
	return entry_verdict(directory, dentry, again);
}

/* The hook has four parameters, its caller five. */
ENFORCE_UNCOUNTED(guard_rename, inode_rename, security_inode_rename, (directory, dentry, to, covered),
		  struct inode *directory, struct dentry *dentry, struct inode *to, struct dentry *covered)
{
	int verdict = entry_verdict(directory, dentry, again);

	return verdict ? verdict : entry_verdict(to, covered, again);
}

ENFORCE(guard_link, inode_link, security_inode_link, (pin, directory, dentry), struct dentry *pin,
	struct inode *directory, struct dentry *dentry)
{
	if (BPF_CORE_READ(directory, i_sb, s_magic) != BPF_FS_MAGIC || !(is_pin(pin) || is_pin(dentry)))
		return 0;
	return judge_pin(again);
}

ENFORCE(guard_symlink, inode_symlink, security_inode_symlink, (directory, dentry, to), struct inode *directory,
	struct dentry *dentry, const char *to)
{
	return entry_verdict(directory, dentry, again);
}

ENFORCE(guard_create, inode_create, security_inode_create, (directory, dentry, mode), struct inode *directory,
	struct dentry *dentry, unsigned short mode)
{
	return entry_verdict(directory, dentry, again);
}

ENFORCE(guard_mkdir, inode_mkdir, security_inode_mkdir, (directory, dentry, mode), struct inode *directory,
	struct dentry *dentry, unsigned short mode)
{
	return entry_verdict(directory, dentry, again);
}

ENFORCE(guard_mknod, inode_mknod, security_inode_mknod, (directory, dentry, mode, device), struct inode *directory,
	struct dentry *dentry, unsigned short mode, unsigned int device)
{
	return entry_verdict(directory, dentry, again);
}

static __always_inline int holds_pins(struct super_block *sb)
{
	return pin_device && BPF_CORE_READ(sb, s_dev) == pin_device && BPF_CORE_READ(sb, s_magic) == BPF_FS_MAGIC;
}

ENFORCE(guard_umount, sb_umount, security_sb_umount, (mnt, flags), struct vfsmount *mnt, int flags)
{
	return holds_pins(BPF_CORE_READ(mnt, mnt_sb)) ? judge_pin(again) : 0;
}

/*
 * Control groups of the machine; onto the pins' file system, or a change of the whole of it. A runtime that makes its
 * bind mount read-only or private for a container of the scope changes that mount alone.
 */
ENFORCE(guard_mount, sb_mount, security_sb_mount, (device, path, type, flags, data), const char *device,
	const struct path *path, const char *type, unsigned long flags, void *data)
{
	int only_mount = (flags & MS_PROPAGATION) || (flags & (MS_REMOUNT | MS_BIND)) == (MS_REMOUNT | MS_BIND);

	if (only_mount)
		return 0;
	if (holds_pins(BPF_CORE_READ(path, dentry, d_sb)))
		return judge_pin(again);
	return group_mount_verdict(type, again);
}

/* A copy that open_tree(2) made for a container hangs in no mount namespace yet, and takes nothing away. */
static __always_inline int is_attached(struct vfsmount *mnt)
{
	struct mount *mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);

	return BPF_CORE_READ(mount, mnt_ns) == BPF_CORE_READ(current_task(), nsproxy, mnt_ns);
}

ENFORCE(guard_move_mount, move_mount, security_move_mount, (from, to), const struct path *from, const struct path *to)
{
	if (holds_pins(BPF_CORE_READ(to, dentry, d_sb)))
		return judge_pin(again);
	return is_attached(BPF_CORE_READ(from, mnt)) && holds_pins(BPF_CORE_READ(from, dentry, d_sb)) ? judge_pin(again)
												      : 0;
}

char LICENSE[] SEC("license") __weak = "GPL";
