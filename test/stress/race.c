// SPDX-License-Identifier: Apache-2.0
/*
 * race HOW COUNT READERS PROGRAM <<<NEEDLE: starts PROGRAM COUNT times with this process's environment, while READERS
 * others open the environ of the process forked last, again and again, so that many opens are in the middle when it
 * execs.
 *
 *   leader    the forked process execs
 *   thread    a second thread of it does, which takes the leader's place (de_thread in fs/exec.c)
 *   listener  as leader; and a listener of fanotify reads, by the descriptors that the kernel opens for it, the readers' files
 *
 * Prints: STARTED (programs that exited 0), READ, REFUSED, LEAKED
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
	volatile int last;
	unsigned long read, refused, leaked;
};

extern char **environ;
static struct shared *shared;
static char needle[256], bytes[1 << 16];
static char *program;

static void look_into(int fd)
{
	ssize_t length = read(fd, bytes, sizeof(bytes));

	__sync_fetch_and_add(&shared->read, 1);
	if (length > 0 && memmem(bytes, length, needle, strlen(needle)))
		__sync_fetch_and_add(&shared->leaked, 1);
	close(fd);
}

static void read_last(void)
{
	char path[64];

	for (;;) {
		snprintf(path, sizeof(path), "/proc/%d/environ", shared->last);
		int fd = open(path, O_RDONLY);

		if (fd >= 0)
			look_into(fd);
		else if (errno == EPERM || errno == EACCES)
			__sync_fetch_and_add(&shared->refused, 1);
	}
}

static void listen_to_procfs(void)
{
	static char events[4096] __attribute__((aligned(8)));
	int group = fanotify_init(FAN_CLASS_NOTIF | FAN_UNLIMITED_QUEUE, O_RDONLY);
	ssize_t length;

	if (group < 0 || fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN, AT_FDCWD, "/proc")) {
		perror("fanotify");
		exit(2);
	}
	for (;;) {
		struct fanotify_event_metadata *event = (void *)events;

		length = read(group, events, sizeof(events));
		if (length < 0 && (errno == EPERM || errno == EACCES))
			__sync_fetch_and_add(&shared->refused, 1);
		for (; FAN_EVENT_OK(event, length); event = FAN_EVENT_NEXT(event, length))
			if (event->fd >= 0)
				look_into(event->fd);
	}
}

static void *start(void *unused)
{
	char *arguments[] = {program, NULL};

	execve(program, arguments, environ);
	_exit(3);
}

static pid_t helper(void (*work)(void))
{
	pid_t child = fork();

	if (!child)
		work();
	return child;
}

static int start_once(int by_thread)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		pthread_t thread;

		if (!by_thread)
			start(NULL);
		pthread_create(&thread, NULL, start, NULL);
		pause();
	}
	shared->last = child;
	waitpid(child, &status, 0);
	return !status;
}

int main(int count, char **arguments)
{
	pid_t helpers[65];
	int readers = count == 5 ? atoi(arguments[3]) : 0, started = 0, many = 0;

	if (readers < 1 || readers > 64 || !fgets(needle, sizeof(needle), stdin))
		return 2;
	needle[strcspn(needle, "\n")] = 0;
	program = arguments[4];
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	shared->last = getpid();
	for (int i = 0; i < readers; i++)
		helpers[many++] = helper(read_last);
	if (!strcmp(arguments[1], "listener"))
		helpers[many++] = helper(listen_to_procfs);
	for (long i = atol(arguments[2]); i > 0; i--)
		started += start_once(!strcmp(arguments[1], "thread"));
	while (many)
		kill(helpers[--many], SIGKILL);
	printf("%d %lu %lu %lu\n", started, shared->read, shared->refused, shared->leaked);
	return 0;
}
