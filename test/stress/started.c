// SPDX-License-Identifier: Apache-2.0
/*
 * Exits 0 when VALUE begins with "value-", 1 when it is something else, 2 when there is none. Without a C library, so that a start is as short as one can be; for x86-64,
 * as the test's machines are.
 */
static int begins(const char *text, const char *with)
{
	while (*with && *text == *with)
		text++, with++;
	return !*with;
}

/* @stack: the kernel's content of it: number of arguments, arguments, NULL, environment, NULL */
__attribute__((used, noreturn)) static void start(char **stack)
{
	char **environment = stack + *(long *)stack + 2;
	long status = 2;

	for (; *environment; environment++)
		if (begins(*environment, "VALUE="))
			status = !begins(*environment, "VALUE=value-");
	for (;;)
		__asm__ volatile("syscall" ::"a"(231 /* exit_group */), "D"(status) : "rcx", "r11", "memory");
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call start\n");
