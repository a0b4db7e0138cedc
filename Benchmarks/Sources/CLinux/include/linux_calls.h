/* System calls that Swift's Glibc module does not show. */
#ifndef XT2_BENCH_LINUX_CALLS_H
#define XT2_BENCH_LINUX_CALLS_H

/* Moves the calling thread into a new network namespace; 0 or -1 with errno. */
int bench_unshare_network(void);
/* Moves the calling thread into the network namespace of the descriptor; 0 or -1 with errno. */
int bench_enter_network(int descriptor);
/* A file without a name, closed on exec; -1 with errno. */
int bench_memory_file(void);

#endif
