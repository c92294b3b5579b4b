/*
 * A visitor that writes into a workload's shell: each OLD text in its memory becomes NEW. vforked HOW PID OLD NEW
 * HOW: `direct`; `child`, the same memory by way of a child that vfork(2) made and that has not execed yet. Prints how many.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ssize_t slurp(int pid, const char *name, char *text, size_t size)
{
	char path[96];
	ssize_t length;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY);
	length = fd < 0 ? -1 : read(fd, text, size);
	close(fd);
	return length;
}

/* Until its exec a child has its parent's memory, and with it the arguments. */
static int has_not_execed(int shell, int child)
{
	char own[256], parents[256];
	ssize_t length = slurp(child, "cmdline", own, sizeof own);

	return length > 0 && length == slurp(shell, "cmdline", parents, sizeof parents) && !memcmp(own, parents, length);
}

static int write_span(int memory, unsigned long from, unsigned long to, const char *old, const char *new)
{
	char *data = malloc(to - from), *at;
	ssize_t length = pread(memory, data, to - from, from);
	int written = 0;

	for (at = data; length > 0 && (at = memmem(at, data + length - at, old, strlen(old))); at++)
		written += pwrite(memory, new, strlen(new) + 1, from + (at - data)) > 0;
	free(data);
	return written;
}

static int write_all(int pid, int memory, const char *old, const char *new)
{
	unsigned long from, to;
	char path[64], line[512], mode[8];
	int written = 0;
	FILE *maps;

	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	while (maps && fgets(line, sizeof line, maps))
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 && strchr(mode, 'w'))
			written += write_span(memory, from, to, old, new);
	return written;
}

static int open_memory(int pid)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	return open(path, O_RDWR);
}

/* Stops the child while it looks and writes: its next step is an exec. */
static int write_by_child(int shell, int child, const char *old, const char *new)
{
	int memory = -1, written = 0;

	kill(child, SIGSTOP);
	if (has_not_execed(shell, child))
		memory = open_memory(child);
	if (memory >= 0 && has_not_execed(shell, child))
		written = write_all(child, memory, old, new);
	kill(child, SIGCONT);
	close(memory);
	return written;
}

int main(int count, char **words)
{
	int shell, written = 0;
	char name[64], children[64];

	if (count != 5)
		return 1;
	shell = atoi(words[2]);
	snprintf(name, sizeof name, "task/%d/children", shell);
	if (!strcmp(words[1], "direct"))
		written = write_all(shell, open_memory(shell), words[3], words[4]);
	for (long looks = 0; !written && looks < 2000000; looks++) {
		ssize_t length = slurp(shell, name, children, sizeof children - 1);

		children[length > 0 ? length : 0] = 0;
		if (atoi(children))
			written = write_by_child(shell, atoi(children), words[3], words[4]);
	}
	printf("wrote %d\n", written);
}
