/*
 * Execs printenv with a variable that stands in memory which others may reach: steered HOW FILE
 * HOW: `memfd`, `mapped` (shared, anonymous), `own`; `N`, its own by the last of N processes that each made the next in
 * its memory; `sibling`, by one that is its parent's child. Says where in FILE, and waits until FILE.go is there. `moved`:
 * becomes a shell at once, and leaves its memory to a child.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define STACK 65536
static char own[256];
static char stacks[8][STACK] __attribute__((aligned(16)));
static volatile int last;

static int share(void *left)
{
	long more = (long)left;

	if (more > 1)
		clone(share, stacks[more - 1] + STACK, CLONE_VM | SIGCHLD, (void *)(more - 1));
	else
		last = getpid();
	for (;;)
		pause();
}

/* Returns the variable's place, and writes down the path by which others reach it, and the offset there. */
static char *place(const char *how, char *path)
{
	int flags = MAP_SHARED, memory = -1;
	char *at = own;

	if (!strcmp(how, "memfd") || !strcmp(how, "mapped")) {
		memory = strcmp(how, "memfd") ? -1 : memfd_create("state", MFD_CLOEXEC);
		if (memory >= 0 && ftruncate(memory, 4096))
			exit(2);
		at = mmap(0, 4096, PROT_READ | PROT_WRITE, flags | (memory < 0 ? MAP_ANONYMOUS : 0), memory, 0);
		if (memory < 0)
			sprintf(path, "/proc/%d/map_files/%lx-%lx 0", getpid(), (long)at, (long)at + 4096);
		else
			sprintf(path, "/proc/%d/fd/%d 0", getpid(), memory);
		return at;
	}
	if (!strcmp(how, "own"))
		last = getpid();
	else if (!strcmp(how, "sibling"))
		clone(share, stacks[0] + STACK, CLONE_VM | CLONE_PARENT | SIGCHLD, (void *)1);
	else
		clone(share, stacks[7] + STACK, CLONE_VM | SIGCHLD, (void *)(strcmp(how, "moved") ? atol(how) : 1));
	while (!last)
		usleep(1000);
	sprintf(path, "/proc/%d/mem %lu", last, (unsigned long)own);
	return at;
}

int main(int count, char **words)
{
	char path[128], go[128], token[512], said[512], *at;
	char *program[] = {"printenv", "TOKEN", NULL};
	struct stat status;
	FILE *file;

	if (count != 3)
		return 1;
	at = place(words[1], path);
	strcpy(at, "NOTHING=1");
	snprintf(token, sizeof token, "TOKEN=%s", getenv("TOKEN"));
	snprintf(said, sizeof said, "KS_SAID=%s", getenv("KS_SAID"));
	snprintf(go, sizeof go, "%s.go", words[2]);
	file = fopen(go, "w"); /* renamed when it is whole, so that half a line is not read */
	fprintf(file, "%s", path);
	fclose(file);
	rename(go, words[2]);
	if (!strcmp(words[1], "moved"))
		execl("/usr/bin/bash", "bash", "-c", "echo over; while read -r line; do eval \"$line\"; done", NULL);
	while (stat(go, &status))
		usleep(20000);
	execve("/usr/bin/printenv", program, (char *[]){token, at, said, NULL});
	return 1;
}
