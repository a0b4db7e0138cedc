// Only what Swift cannot see by itself: libmnl's functions, and the socket options whose
// names glibc hides behind feature macros. Protocol numbers are NetlinkProto's own tables.
#ifndef XT2_CMNL_SHIM_H
#define XT2_CMNL_SHIM_H

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

// glibc shows struct ucred only to programs that ask for all of GNU; see unix(7), SO_PEERCRED.
struct xt2_peer_credentials {
    int pid;
    unsigned int uid;
    unsigned int gid;
};

#endif
