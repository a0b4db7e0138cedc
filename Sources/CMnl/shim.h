// Only what Swift cannot see by itself: libmnl's functions, and the socket options whose
// names glibc hides behind feature macros. Protocol numbers are NetlinkProto's own tables.
#ifndef XT2_CMNL_SHIM_H
#define XT2_CMNL_SHIM_H

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#endif
