/*
 * Children that end at once, and whose task_struct an event of perf on themselves holds: none of them counts for the
 * limit of processes. hold-tasks COUNT: prints how many it holds, and waits for a line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long event;
static char stack[65536] __attribute__((aligned(16)));

/* Its descriptors are its parent's, which so has the event. */
static int open_on_itself(void *unused)
{
	struct perf_event_attr attr = {
	    .type = PERF_TYPE_SOFTWARE,
	    .size = sizeof attr,
	    .config = PERF_COUNT_SW_TASK_CLOCK,
	    .exclude_kernel = 1,
	    .exclude_hv = 1,
	};

	event = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	if (event < 0)
		event = -errno;
	syscall(SYS_exit, unused != NULL);
	return 0;
}

int main(int count, char **words)
{
	int wanted = count > 1 ? atoi(words[1]) : 0, held = 0;

	for (; held < wanted && event >= 0; held++) {
		int child = clone(open_on_itself, stack + sizeof stack, CLONE_VM | CLONE_FILES | CLONE_VFORK | SIGCHLD, NULL);

		if (child < 0 || waitpid(child, NULL, 0) != child)
			break;
	}
	printf("held %d%s%s\n", held, held < wanted ? ": " : "", held < wanted ? strerror(event < 0 ? -event : errno) : "");
	fflush(stdout);
	getchar();
}
