/* file-ioctls FOLDER: requests of XFS and btrfs that reach files by their numbers; a line for each, with its error. */
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

/* fs/xfs/libxfs/xfs_fs.h */
struct handle_request {
	uint32_t fd;
	void *path;
	uint32_t flags;
	void *in;
	uint32_t in_size;
	void *out;
	uint32_t *out_size;
};
struct bulk_request {
	uint64_t *last;
	int32_t count;
	void *buffer;
	int32_t *done;
};

static void tell(const char *name, int result)
{
	printf("%s: %s\n", name, result < 0 ? strerror(errno) : "done");
}

static void xfs(int folder)
{
	static unsigned char handle[64], found[64 * 1024];
	uint32_t size = sizeof(handle);
	uint64_t last = 0;
	int32_t done;
	struct handle_request ask = {.fd = folder, .out = handle, .out_size = &size};
	struct handle_request use = {.flags = O_RDONLY, .in = handle};
	struct bulk_request list = {&last, 16, found, &done};

	tell("fd to handle", ioctl(folder, _IOWR('X', 106, struct handle_request), &ask));
	use.in_size = size;
	tell("open by handle", ioctl(folder, _IOWR('X', 107, struct handle_request), &use));
	tell("list of inodes", ioctl(folder, _IOWR('X', 101, struct bulk_request), &list));
}

static void btrfs(int folder)
{
	static struct btrfs_ioctl_search_args search = {
		.key = {.tree_id = 5, .max_objectid = -1, .max_offset = -1, .max_transid = -1, .max_type = 255, .nr_items = 16}};
	static struct btrfs_ioctl_ino_lookup_args lookup = {.objectid = 257};
	static struct btrfs_ioctl_fs_info_args info;

	tell("tree search", ioctl(folder, BTRFS_IOC_TREE_SEARCH, &search));
	tell("inode lookup", ioctl(folder, BTRFS_IOC_INO_LOOKUP, &lookup));
	tell("information", ioctl(folder, BTRFS_IOC_FS_INFO, &info));
}

int main(int argc, char **argv)
{
	int folder = open(argv[1], O_RDONLY | O_DIRECTORY);

	if (strstr(argv[1], "xfs"))
		xfs(folder);
	else
		btrfs(folder);
	return 0;
}
