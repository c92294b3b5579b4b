// SPDX-License-Identifier: Apache-2.0
/*
 * starter PROGRAM COUNT   starts it COUNT times, one after the other, with this process's environment; prints, for each wait status
 *                         but 0, a line with it and the number of the start
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int start(char *program)
{
	char *arguments[] = {program, NULL};
	int status = -1;
	pid_t child = vfork();

	if (!child) {
		execve(program, arguments, environ);
		_exit(errno);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		perror("vfork");
		exit(2);
	}
	return status;
}

int main(int count, char **arguments)
{
	int status;

	if (count != 3)
		return 2;
	for (long i = atol(arguments[2]); i > 0; i--) {
		status = start(arguments[1]);
		if (status)
			printf("%#x at %ld\n", status, i);
	}
	return 0;
}
