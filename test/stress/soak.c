// SPDX-License-Identifier: Apache-2.0
/*
 * soak COUNT   starts itself COUNT times, one after the other, with this process's environment; prints how many started without
 *              a value
 * soak         exits 0 when VALUE begins with "value-", else 1
 *
 * Linked statically, so that a start is short.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int has_value(void)
{
	const char *value = getenv("VALUE");

	return value && !strncmp(value, "value-", 6);
}

static int start(void)
{
	char *arguments[] = {"/proc/self/exe", NULL};
	int status = -1;
	pid_t child = vfork();

	if (!child) {
		execve(arguments[0], arguments, environ);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		perror("vfork");
		exit(2);
	}
	return status;
}

int main(int count, char **arguments)
{
	long failed = 0;

	if (count != 2)
		return !has_value();
	for (long i = atol(arguments[1]); i > 0; i--)
		failed += start() != 0;
	printf("%ld\n", failed);
	return 0;
}
