/*
 * Opens events of perf on the process whose number it is given, with several threads, and closes them, until that has
 * ended. Prints the kernel's answer to the first.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int target;
static int told;

static void *open_events(void *unused)
{
	struct perf_event_attr attr = {
	    .type = PERF_TYPE_SOFTWARE,
	    .size = sizeof attr,
	    .config = PERF_COUNT_SW_CPU_CLOCK,
	    .sample_period = 1000000,
	    .sample_type = PERF_SAMPLE_IP,
	    .exclude_kernel = 1,
	    .exclude_hv = 1,
	};

	for (;;) {
		long fd = syscall(SYS_perf_event_open, &attr, target, -1, -1, 0);
		int error = fd < 0 ? errno : 0;

		if (!__sync_lock_test_and_set(&told, 1)) {
			puts(error ? strerror(error) : "opened");
			fflush(stdout);
		}
		if (fd >= 0)
			close(fd);
		else if (error == ESRCH)
			exit(0);
	}
	return unused;
}

int main(int count, char **words)
{
	pthread_t thread;

	if (count != 2)
		return 1;
	target = atoi(words[1]);
	for (int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, open_events, NULL);
	open_events(NULL);
}
