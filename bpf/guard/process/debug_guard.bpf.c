// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps others from the debugging sockets of a sealed runtime (lib/debug_door.h; the signals are in agent_guard.bpf.c).
 *
 *   unix_stream_connect  unix_stream_connect(): the listener is found, and its creator known
 *
 * By the name that the runtime itself bound: renaming the file does not change it. A door that listens on a network
 * address (`node --inspect`) is opened by the program itself, and is not guarded.
 */
#include "debug_door.h"
#include "emit.h"
#include "hook.h"

/* Of a socket's path, as much as is looked at: the longest it can have (sun_path). */
#define SUN_PATH 108

/* How the last component of a door's path begins. */
static const char java_door[] = ".java_pid";
static const char dotnet_door[] = "dotnet-diagnostic-";

struct sock_path {
	char text[SUN_PATH + 20];
};

static __always_inline int begins_with(const char *text, const char *with, int length)
{
	for (int i = 0; i < length; i++)
		if (text[i] != with[i])
			return 0;
	return 1;
}

/* Any component counts: a directory of such a name would be refused as well. */
static __always_inline int is_door(const struct sock_path *path)
{
	for (int i = 0; i < SUN_PATH; i++) {
		if (!path->text[i])
			return 0;
		if (i && path->text[i - 1] != '/')
			continue;
		if (begins_with(&path->text[i], java_door, sizeof(java_door) - 1) ||
		    begins_with(&path->text[i], dotnet_door, sizeof(dotnet_door) - 1))
			return 1;
	}
	return 0;
}

static __always_inline int has_door_name(struct sock *listener)
{
	struct unix_address *address = BPF_CORE_READ((struct unix_sock *)listener, addr);
	struct sock_path path = {};
	void *name;

	if (!address)
		return 0;
	name = (void *)address + bpf_core_field_offset(struct unix_address, name) +
	       bpf_core_field_offset(struct sockaddr_un, sun_path);
	if (bpf_probe_read_kernel_str(path.text, SUN_PATH, name) <= 0)
		return 0;
	return is_door(&path);
}

/* The process that called listen(2); NULL: it is gone. */
static __always_inline struct task_struct *listener_of(struct sock *socket)
{
	struct pid *pid = BPF_CORE_READ(socket, sk_peer_pid);
	struct hlist_node *first = NULL;

	if (pid)
		bpf_core_read(&first, sizeof(first), &pid->tasks[PIDTYPE_PID].first);
	return first ? (void *)first - bpf_core_field_offset(struct task_struct, pid_links) : NULL;
}

ENFORCE(guard_door, unix_stream_connect, security_unix_stream_connect, (socket, other, fresh), struct sock *socket,
	struct sock *other, struct sock *fresh)
{
	struct task_struct *target = listener_of(other);
	struct ks_process *process = target ? process_of(target) : NULL;

	if (!process || !(process->flags & KS_SEALED) || !has_door_name(other))
		return 0;
	return judge_door(process, target, KS_WAY_DEBUG_SOCKET, 0, again);
}

char LICENSE[] SEC("license") __weak = "GPL";
