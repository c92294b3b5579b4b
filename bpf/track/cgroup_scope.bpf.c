// SPDX-License-Identifier: GPL-2.0
/*
 * Control groups that are scopes: a service manager makes a group anew at each start of a service, and runs the service
 * in it a moment later.
 *
 *   cgroup_mkdir  cgroup_mkdir(): the group is complete and no process can be in it yet
 *   cgroup_rmdir  cgroup_rmdir(): no process is in it any more
 *
 * Of the cgroup v2 hierarchy alone: the others have numbers and paths of their own.
 */
#include "scope.h"
#include "share.h"

/* The first hierarchy there is (kernel/cgroup/cgroup.c, cgroup_init_early). */
#define CGROUP_V2 0

static __always_inline int is_v2(struct cgroup *group)
{
	return BPF_CORE_READ(group, root, hierarchy_id) == CGROUP_V2;
}

/* A group made below a scope is in it. */
static __always_inline __u32 scope_of_parent(struct cgroup *group)
{
	__u64 id = BPF_CORE_READ(group, self.parent, cgroup, kn, id);
	__u32 *scope = bpf_map_lookup_elem(&cgroup_scopes, &id);

	return scope ? *scope : 0;
}

static __always_inline __u32 scope_of_path(const char *path)
{
	struct ks_cgroup_path key = {};
	__u32 *scope;

	if (bpf_probe_read_kernel_str(key.path, sizeof(key.path), path) < 0)
		return 0;
	scope = bpf_map_lookup_elem(&cgroup_paths, &key);
	return scope ? *scope : 0;
}

/*
 * A service's own group has a place whenever there is one. Those below, which a user may make to whom the group is
 * delegated, leave as many places free as the scope has.
 */
static __always_inline void keep_group(__u64 id, __u32 scope, int is_below)
{
	if (bpf_map_lookup_elem(&cgroup_scopes, &id)) /* another copy of the program did */
		return;
	if ((is_below && !has_share_left(GROUPS, scope, MOST_GROUPS)) ||
	    bpf_map_update_elem(&cgroup_scopes, &id, &scope, BPF_NOEXIST))
		count(scope, KS_N_RECORDS_REFUSED);
	else
		take_share(GROUPS, scope);
}

static __always_inline int enter_group(struct cgroup *group, const char *path)
{
	__u64 id = BPF_CORE_READ(group, kn, id);
	__u32 scope, below;

	if (!is_v2(group))
		return 0;
	scope = scope_of_path(path);
	below = scope ? 0 : scope_of_parent(group);
	if (scope || below)
		keep_group(id, scope ?: below, !!below);
	return 0;
}

static __always_inline int leave_group(struct cgroup *group)
{
	__u64 id = BPF_CORE_READ(group, kn, id);
	__u32 *known, scope;

	if (!is_v2(group))
		return 0;
	known = bpf_map_lookup_elem(&cgroup_scopes, &id);
	if (!known)
		return 0;
	scope = *known;
	if (!bpf_map_delete_elem(&cgroup_scopes, &id))
		return_share(GROUPS, scope);
	return 0;
}

/* Twice, for the reason that hook.h gives. */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(group_made, struct cgroup *group, const char *path)
{
	return enter_group(group, path);
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(group_made_2, struct cgroup *group, const char *path)
{
	return enter_group(group, path);
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(group_removed, struct cgroup *group, const char *path)
{
	return leave_group(group);
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(group_removed_2, struct cgroup *group, const char *path)
{
	return leave_group(group);
}

char LICENSE[] SEC("license") __weak = "GPL";
