/* A library that a program is made to load: writes the value of TOKEN to the file KS_SAID. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void say(void)
{
	const char *value = getenv("TOKEN"), *path = getenv("KS_SAID");
	int fd = value && path ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0666) : -1;

	if (fd < 0)
		return;
	if (write(fd, value, strlen(value)) < 0 || write(fd, "\n", 1) < 0)
		abort();
	close(fd);
}
