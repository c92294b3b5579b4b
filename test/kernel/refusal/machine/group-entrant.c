/* group-entrant GROUP FILE: a child begins in the group (clone3(2)), and opens the file for writing there. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int child(const char *file)
{
	if (open(file, O_WRONLY) >= 0)
		return 0;
	return errno;
}

int main(int argc, char **argv)
{
	struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
	int status;
	long pid;

	args.cgroup = open(argv[1], O_RDONLY | O_DIRECTORY);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (!pid)
		_exit(child(argv[2]));
	if (pid < 0) {
		printf("clone3: %s\n", strerror(errno));
		return 1;
	}
	waitpid(pid, &status, 0);
	printf("entered, %s\n", WEXITSTATUS(status) ? strerror(WEXITSTATUS(status)) : "opened");
	return 0;
}
