/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The file system that a file lies on: whether its content can be relied on, and whether it is the
 * image's.
 *
 * The verified content has to be the running one. The server of a FUSE or network file system shows one content to the
 * exec and another to the hash; on a loop device the content changes below the mount; in a user namespace its owner
 * brought it. So only file systems that are known to keep their content count, mounted by the machine's root.
 *
 * Whether a file comes from the container's image: it lies on overlayfs, and in no upper layer. A file that was added
 * or changed since the container started lies in the upper one (fs/overlayfs/inode.c, ovl_inode_upper); one of a volume
 * on another file system. And it is found by its own name in the image, not at the path of another file of it.
 */
#ifndef KERNELSEAL_IMAGE_FILE_H
#define KERNELSEAL_IMAGE_FILE_H

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
#define TMPFS_MAGIC 0x01021994

/* include/uapi/linux/major.h: block devices whose content is a file, or comes over the network */
#define LOOP_MAJOR 7
#define NBD_MAJOR 43
#define MINOR_BITS 20 /* include/linux/kdev_t.h */

/* Mounts above a file's own that are followed to the root of its namespace: a deeper file is not verified. */
#define MAX_MOUNTS 16

struct ovl_inode {
	struct inode vfs_inode;
	struct dentry *__upperdentry;
} __attribute__((preserve_access_index));

/*
 * Overlayfs is often a module, whose types are known only once it is loaded. Without them: the upper dentry has
 * followed the inode at once in every kernel since 4.12 (fs/overlayfs/ovl_entry.h).
 */
static __always_inline struct dentry *upper_dentry(struct inode *inode)
{
	struct ovl_inode *overlay = NULL;
	struct dentry *upper;
	__u64 offset;

	if (bpf_core_field_exists(overlay->__upperdentry))
		offset = bpf_core_field_offset(struct ovl_inode, __upperdentry) -
			 bpf_core_field_offset(struct ovl_inode, vfs_inode);
	else
		offset = bpf_core_type_size(struct inode);
	if (bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + offset))
		return (void *)inode; /* not to be known: not from the image */
	return upper;
}

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
 * What every mount namespace has at its bottom (init_mount_tree, fs/namespace.c): the kernel's first file system,
 * from 7.0 on with an empty one below it. Nobody can mount either, so that no other file system has these names.
 */
static __always_inline int is_below_root(struct mount *mount)
{
	char want[2][8] = {"rootfs", "nullfs"}, name[8] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(mount, mnt.mnt_sb, s_type, name));
	return *(__u64 *)name == *(__u64 *)want[0] || *(__u64 *)name == *(__u64 *)want[1];
}

/*
 * The file system of the root directory of the namespace that the file's mount is attached in: the lowest of those over
 * the kernel's own. What lies over that one again is none: a container may have mounted it. NULL: not to be found.
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
 * By what the root was as the container began: pivot_root(2) puts another in its place. Without a life (a host, and
 * what was there before the agent) by the mounts of now.
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

/*
 * Whether the content can change while the program runs. The kernel keeps writers from a file that is executed, but on
 * an overlay it asks the overlay's inode alone: a shared mapping holds the upper file (ovl_mmap), and counts there.
 */
static __always_inline int is_being_written(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	if (BPF_CORE_READ(inode, i_writecount.counter) > 0)
		return 1;
	if (BPF_CORE_READ(inode, i_sb, s_magic) != OVERLAYFS_SUPER_MAGIC || !upper_dentry(inode))
		return 0;
	inode = BPF_CORE_READ(upper_dentry(inode), d_inode);
	return !inode || BPF_CORE_READ(inode, i_writecount.counter) > 0;
}

/*
 * By the name that it has in the image: on the mount that is the root of its namespace, of the whole overlay. A bind
 * mount puts one file of the image at the path of another (mount --bind /bin/sh /usr/bin/app), and changes no layer.
 */
static __always_inline int is_on_root_mount(struct file *file)
{
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
	struct mount *mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
	struct mount *above = BPF_CORE_READ(mount, mnt_parent);

	if (BPF_CORE_READ(mnt, mnt_root) != BPF_CORE_READ(mnt, mnt_sb, s_root))
		return 0;
	return above == mount ||
	       (is_below_root(above) && BPF_CORE_READ(mount, mnt_mountpoint) == BPF_CORE_READ(above, mnt.mnt_root));
}

/* Content of an image, whichever name it is found by. */
static __always_inline int is_image_content(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	return BPF_CORE_READ(inode, i_sb, s_magic) == OVERLAYFS_SUPER_MAGIC && !upper_dentry(inode);
}

static __always_inline int is_image_file(struct file *file)
{
	return is_image_content(file) && is_on_root_mount(file);
}

#endif
