/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a file comes from the container's image: it lies on overlayfs, and in no upper layer. A file that was added
 * or changed since the container started lies in the upper one (fs/overlayfs/inode.c, ovl_inode_upper); one of a volume
 * on another file system. And it is found by its own name in the image, not at the path of another file of it.
 */
#ifndef KERNELSEAL_IMAGE_FILE_H
#define KERNELSEAL_IMAGE_FILE_H

#include "trusted_fs.h"

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
