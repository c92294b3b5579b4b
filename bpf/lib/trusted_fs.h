/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The file system that a file lies on: whether its content can be relied on.
 *
 * The verified content has to be the running one. The server of a FUSE or network file system shows one content to the
 * exec and another to the hash; on a loop device the content changes below the mount; in a user namespace its owner
 * brought it. So only file systems that are known to keep their content count, mounted by the machine's root.
 */
#ifndef KERNELSEAL_TRUSTED_FS_H
#define KERNELSEAL_TRUSTED_FS_H

#include "identity.h"

/* include/uapi/linux/magic.h, and the file systems' own headers */
#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#define EXT4_SUPER_MAGIC 0xef53
#define XFS_SUPER_MAGIC 0x58465342
#define BTRFS_SUPER_MAGIC 0x9123683e
#define F2FS_SUPER_MAGIC 0xf2f52010
#define BCACHEFS_SUPER_MAGIC 0xca451a4e
#define ZFS_SUPER_MAGIC 0x2fc12fc1
#define SQUASHFS_MAGIC 0x73717368
#define EROFS_SUPER_MAGIC_V1 0xe0f5e1e2
#define ISOFS_SUPER_MAGIC 0x9660

/* include/uapi/linux/major.h: block devices whose content is a file, or comes over the network */
#define LOOP_MAJOR 7
#define NBD_MAJOR 43
#define MINOR_BITS 20 /* include/linux/kdev_t.h */

/* Mounts above a file's own that are followed to the root of its namespace: a deeper file is not verified. */
#define MAX_MOUNTS 16

static __always_inline int keeps_content(unsigned long magic)
{
	switch (magic) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case BCACHEFS_SUPER_MAGIC:
	case ZFS_SUPER_MAGIC:
	case SQUASHFS_MAGIC:
	case EROFS_SUPER_MAGIC_V1:
	case ISOFS_SUPER_MAGIC:
	case TMPFS_MAGIC:
		return 1;
	}
	return 0;
}

static __always_inline int is_on_changing_device(struct super_block *sb)
{
	struct block_device *device = BPF_CORE_READ(sb, s_bdev);
	__u32 major = device ? BPF_CORE_READ(device, bd_dev) >> MINOR_BITS : 0;

	return major == LOOP_MAJOR || major == NBD_MAJOR;
}

/*
 * At the bottom of every mount namespace (init_mount_tree, fs/namespace.c) is the kernel's first file system, from
 * 7.0 on with an empty one below it. Neither can be mounted, so that no other file system has these names.
 */
static __always_inline int is_below_root(struct mount *mount)
{
	char want[2][8] = {"rootfs", "nullfs"}, name[8] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(mount, mnt.mnt_sb, s_type, name));
	return *(__u64 *)name == *(__u64 *)want[0] || *(__u64 *)name == *(__u64 *)want[1];
}

/*
 * The file system of the root directory of the namespace that the file's mount is attached in: the lowest of those over
 * the kernel's own. A mount over that one again is none: a container may have mounted it. NULL: not to be found.
 */
static __always_inline struct super_block *root_of_namespace(struct file *file)
{
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
	struct mount *mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt), *above, *root = mount;

	for (int i = 0; i < MAX_MOUNTS; i++) {
		above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount)
			return BPF_CORE_READ(root, mnt.mnt_sb);
		if (!is_below_root(above) || BPF_CORE_READ(mount, mnt_mountpoint) != BPF_CORE_READ(above, mnt.mnt_root))
			root = above;
		mount = above;
	}
	return NULL;
}

/*
 * By the root that the container began with: pivot_root(2) puts another in its place. Without a life (a host, and
 * processes from before the agent) by the mounts of now.
 */
static __always_inline int is_container_root(struct super_block *sb, struct file *file,
					     const struct ks_container *container)
{
	if (container && container->root)
		return BPF_CORE_READ(sb, s_dev) == container->root;
	return sb == root_of_namespace(file);
}

/*
 * The content that is verified is the content that runs. An overlay is as good as its layers, so only that counts which
 * the runtime made the container's root of: another one the container may have mounted over layers of its own.
 */
static __always_inline int is_on_trusted_fs(struct file *file, const struct ks_container *container)
{
	struct super_block *sb = BPF_CORE_READ(file, f_inode, i_sb);
	unsigned long magic = BPF_CORE_READ(sb, s_magic);

	if (BPF_CORE_READ(sb, s_user_ns, level))
		return 0;
	if (magic == OVERLAYFS_SUPER_MAGIC)
		return is_container_root(sb, file, container);
	return keeps_content(magic) && !is_on_changing_device(sb);
}

#endif
