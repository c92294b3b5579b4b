/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a file comes from the container's image: it lies on overlayfs, and in no upper layer. A file that was added
 * or changed since the container started lies in the upper one (fs/overlayfs/inode.c, ovl_inode_upper); one of a volume
 * on another file system.
 */
#ifndef KERNELSEAL_IMAGE_FILE_H
#define KERNELSEAL_IMAGE_FILE_H

#include "kernel.h"

#define OVERLAYFS_SUPER_MAGIC 0x794c7630 /* include/uapi/linux/magic.h */

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

static __always_inline int is_image_file(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	if (BPF_CORE_READ(inode, i_sb, s_magic) != OVERLAYFS_SUPER_MAGIC)
		return 0;
	return !upper_dentry(inode);
}

#endif
