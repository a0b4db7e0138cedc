#define _GNU_SOURCE
#include "linux_calls.h"

#include <sched.h>
#include <sys/mman.h>

int bench_unshare_network(void)
{
	return unshare(CLONE_NEWNET);
}

int bench_enter_network(int descriptor)
{
	return setns(descriptor, CLONE_NEWNET);
}

int bench_memory_file(void)
{
	return memfd_create("output", MFD_CLOEXEC);
}
