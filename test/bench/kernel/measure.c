// SPDX-License-Identifier: Apache-2.0
/*
 * measure exec COUNT PROGRAM   vfork, exec and exit of PROGRAM, one after the other, with this process's environment
 * measure open COUNT PATH      open and close of PATH
 *
 * Prints the mean time of one in ns. Linked statically, so that its own start is short.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void exec_once(char *program)
{
	char *arguments[] = {program, NULL};
	int status;
	pid_t child = vfork();

	if (!child) {
		execve(program, arguments, environ);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		fail("vfork");
	if (status) {
		fprintf(stderr, "%s: wait status %#x\n", program, status);
		exit(1);
	}
}

static void open_once(char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		fail(path);
	close(fd);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

int main(int count, char **arguments)
{
	void (*once)(char *) = count == 4 && !strcmp(arguments[1], "exec") ? exec_once : open_once;
	long rounds = count == 4 ? atol(arguments[2]) : 0;
	double begun;

	if (rounds <= 0)
		return 64;
	for (long i = 0; i < rounds / 10 + 1; i++) /* warm caches and translations */
		once(arguments[3]);
	begun = now();
	for (long i = 0; i < rounds; i++)
		once(arguments[3]);
	printf("%.0f\n", (now() - begun) / rounds);
	return 0;
}
