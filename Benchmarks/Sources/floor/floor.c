/*
 * The floor under every program that edits nf_tables: a batch that was built before, one sendmsg, one acknowledgement.
 *
 *   floor load N                 milliseconds to load N rules into a new chain, in one batch
 *   floor edits COUNT N          microseconds (median) and edits a second of COUNT one-rule batches at the head of N rules
 *   floor commits COUNT N FILE   the same, each with one durable SQLite transaction (WAL, synchronous=FULL) in front
 *
 * To be run in a private network namespace. The rule has the eight expressions that xt2 and nft make of
 * "-s ADDRESS -p tcp --dport PORT -j ACCEPT", and the batch replaces a counter object, as xt2's does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static struct mnl_socket *nl;
static char *buffer;
static size_t used;
static unsigned int sequence = 1;

static void die(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

/* Begins a message of the batch; the caller adds `used += nlh->nlmsg_len` by end(). */
static struct nlmsghdr *begin(int type, int flags, int family, int resource)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer + used);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = sequence++;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(resource);
	return nlh;
}

static void end(struct nlmsghdr *nlh)
{
	used += NLMSG_ALIGN(nlh->nlmsg_len);
}

static void batch_edge(int type)
{
	end(begin(type, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
}

static struct nlmsghdr *message(int type, int flags, int family)
{
	return begin(NFNL_SUBSYS_NFTABLES << 8 | type, flags, family, 0);
}

static struct nlattr *expression(struct nlmsghdr *nlh, struct nlattr **element, const char *name)
{
	*element = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	mnl_attr_put_strz(nlh, NFTA_EXPR_NAME, name);
	return mnl_attr_nest_start(nlh, NFTA_EXPR_DATA);
}

static void finish(struct nlmsghdr *nlh, struct nlattr *data, struct nlattr *element)
{
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, element);
}

static void payload(struct nlmsghdr *nlh, int base, int offset, int length)
{
	struct nlattr *element, *data = expression(nlh, &element, "payload");

	mnl_attr_put_u32(nlh, NFTA_PAYLOAD_DREG, htonl(NFT_REG_1));
	mnl_attr_put_u32(nlh, NFTA_PAYLOAD_BASE, htonl(base));
	mnl_attr_put_u32(nlh, NFTA_PAYLOAD_OFFSET, htonl(offset));
	mnl_attr_put_u32(nlh, NFTA_PAYLOAD_LEN, htonl(length));
	finish(nlh, data, element);
}

static void compare(struct nlmsghdr *nlh, const void *value, int length)
{
	struct nlattr *element, *data = expression(nlh, &element, "cmp"), *nest;

	mnl_attr_put_u32(nlh, NFTA_CMP_SREG, htonl(NFT_REG_1));
	mnl_attr_put_u32(nlh, NFTA_CMP_OP, htonl(NFT_CMP_EQ));
	nest = mnl_attr_nest_start(nlh, NFTA_CMP_DATA);
	mnl_attr_put(nlh, NFTA_DATA_VALUE, length, value);
	mnl_attr_nest_end(nlh, nest);
	finish(nlh, data, element);
}

static void meta_protocol(struct nlmsghdr *nlh)
{
	struct nlattr *element, *data = expression(nlh, &element, "meta");

	mnl_attr_put_u32(nlh, NFTA_META_DREG, htonl(NFT_REG_1));
	mnl_attr_put_u32(nlh, NFTA_META_KEY, htonl(NFT_META_L4PROTO));
	finish(nlh, data, element);
}

static void counter(struct nlmsghdr *nlh)
{
	struct nlattr *element, *data = expression(nlh, &element, "counter");

	finish(nlh, data, element);
}

static void accept_packet(struct nlmsghdr *nlh)
{
	struct nlattr *element, *data = expression(nlh, &element, "immediate"), *value, *verdict;

	mnl_attr_put_u32(nlh, NFTA_IMMEDIATE_DREG, htonl(NFT_REG_VERDICT));
	value = mnl_attr_nest_start(nlh, NFTA_IMMEDIATE_DATA);
	verdict = mnl_attr_nest_start(nlh, NFTA_DATA_VERDICT);
	mnl_attr_put_u32(nlh, NFTA_VERDICT_CODE, htonl(NF_ACCEPT));
	mnl_attr_nest_end(nlh, verdict);
	mnl_attr_nest_end(nlh, value);
	finish(nlh, data, element);
}

static void rule(int flags, unsigned int number)
{
	struct nlmsghdr *nlh = message(NFT_MSG_NEWRULE, NLM_F_CREATE | flags, NFPROTO_IPV4);
	unsigned int address = htonl(0x0a000000 + number);
	unsigned short port = htons(1 + number % 65535);
	unsigned char tcp = 6;
	struct nlattr *expressions;

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, "floor");
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, "input");
	expressions = mnl_attr_nest_start(nlh, NFTA_RULE_EXPRESSIONS);
	payload(nlh, NFT_PAYLOAD_NETWORK_HEADER, 12, 4);
	compare(nlh, &address, 4);
	meta_protocol(nlh);
	compare(nlh, &tcp, 1);
	payload(nlh, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
	compare(nlh, &port, 2);
	counter(nlh);
	accept_packet(nlh);
	mnl_attr_nest_end(nlh, expressions);
	end(nlh);
}

static void table(void)
{
	struct nlmsghdr *nlh = message(NFT_MSG_NEWTABLE, NLM_F_CREATE, NFPROTO_IPV4);

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, "floor");
	mnl_attr_put_u32(nlh, NFTA_TABLE_FLAGS, htonl(NFT_TABLE_F_OWNER));
	end(nlh);
}

static void chain(void)
{
	struct nlmsghdr *nlh = message(NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFPROTO_IPV4);
	struct nlattr *hook;

	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, "floor");
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, "input");
	hook = mnl_attr_nest_start(nlh, NFTA_CHAIN_HOOK);
	mnl_attr_put_u32(nlh, NFTA_HOOK_HOOKNUM, htonl(NF_INET_LOCAL_IN));
	mnl_attr_put_u32(nlh, NFTA_HOOK_PRIORITY, htonl(0));
	mnl_attr_nest_end(nlh, hook);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_TYPE, "filter");
	end(nlh);
}

static void marker(int type, int flags)
{
	struct nlmsghdr *nlh = message(type, flags, NFPROTO_IPV4);
	struct nlattr *data;

	mnl_attr_put_strz(nlh, NFTA_OBJ_TABLE, "floor");
	mnl_attr_put_strz(nlh, NFTA_OBJ_NAME, "version");
	mnl_attr_put_u32(nlh, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
	if (type == NFT_MSG_NEWOBJ) {
		data = mnl_attr_nest_start(nlh, NFTA_OBJ_DATA);
		mnl_attr_nest_end(nlh, data);
	}
	end(nlh);
}

/* Hands the batch to the kernel and waits for the acknowledgement of its last but one message. */
static void talk(void)
{
	char reply[1 << 16];
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct iovec vector = { .iov_base = buffer, .iov_len = used };
	struct msghdr header = { .msg_name = &kernel, .msg_namelen = sizeof(kernel), .msg_iov = &vector, .msg_iovlen = 1 };
	const struct nlmsghdr *nlh = (void *)reply;

	if (sendmsg(mnl_socket_get_fd(nl), &header, 0) != (ssize_t)used)
		die("sendmsg");
	for (;;) {
		ssize_t got = mnl_socket_recvfrom(nl, reply, sizeof(reply));

		if (got < 0)
			die("recv");
		if (nlh->nlmsg_type != NLMSG_ERROR)
			continue; /* the rule, echoed */
		errno = -((const struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error;
		if (errno)
			die("the kernel refused the batch");
		return;
	}
}

static double load(unsigned int count)
{
	double before;

	batch_edge(NFNL_MSG_BATCH_BEGIN);
	table();
	chain();
	for (unsigned int i = 0; i < count; i++)
		rule(NLM_F_APPEND, i);
	marker(NFT_MSG_NEWOBJ, NLM_F_CREATE | NLM_F_ACK);
	batch_edge(NFNL_MSG_BATCH_END);
	before = now();
	talk();
	return now() - before;
}

static int smaller(const void *a, const void *b)
{
	double difference = *(const double *)a - *(const double *)b;

	return (difference > 0) - (difference < 0);
}

static sqlite3 *open_database(const char *path)
{
	sqlite3 *database;

	if (sqlite3_open(path, &database) != SQLITE_OK ||
	    sqlite3_exec(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE entry (bytes BLOB)", 0, 0, 0))
		die(path);
	return database;
}

static void edits(int count, unsigned int rules, const char *path)
{
	double *times = calloc(count, sizeof(double)), start;
	sqlite3 *database = path ? open_database(path) : NULL;

	load(rules);
	start = now();
	for (int i = 0; i < count; i++) {
		double before = now();

		if (database && sqlite3_exec(database, "INSERT INTO entry VALUES (zeroblob(500))", 0, 0, 0))
			die("sqlite");
		used = 0;
		batch_edge(NFNL_MSG_BATCH_BEGIN);
		marker(NFT_MSG_DELOBJ, 0);
		rule(NLM_F_ECHO, 1000000 + i);
		marker(NFT_MSG_NEWOBJ, NLM_F_CREATE | NLM_F_ACK);
		batch_edge(NFNL_MSG_BATCH_END);
		talk();
		times[i] = now() - before;
	}
	start = now() - start;
	qsort(times, count, sizeof(double), smaller);
	printf("%.1f %.1f\n", times[count / 2], count / start * 1e6);
}

int main(int argc, char **argv)
{
	int size = 1 << 30;

	if (argc < 3)
		die("usage: floor load N | edits COUNT N | commits COUNT N FILE");
	nl = mnl_socket_open(NETLINK_NETFILTER);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink");
	setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	buffer = malloc(1 << 30);
	if (!buffer)
		die("memory");
	if (!strcmp(argv[1], "load"))
		printf("%.3f\n", load(strtoul(argv[2], NULL, 10)) / 1e3);
	else if (!strcmp(argv[1], "edits") && argc > 3)
		edits(atoi(argv[2]), strtoul(argv[3], NULL, 10), NULL);
	else if (!strcmp(argv[1], "commits") && argc > 4)
		edits(atoi(argv[2]), strtoul(argv[3], NULL, 10), argv[4]);
	else
		die("usage");
	return 0;
}
