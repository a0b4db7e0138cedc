#define _GNU_SOURCE
#include "CXTables.h"

#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In front of the others: it brings the C library's <net/if.h>, which the kernel's headers then respect. */
#include <xtables.h>

#include <linux/netfilter_arp/arp_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

/* -- The library -- */

#define FUNCTIONS(EACH)                                                                                                  \
    EACH(xtables_init_all)                                                                                               \
    EACH(xtables_fini)                                                                                                   \
    EACH(xtables_set_nfproto)                                                                                            \
    EACH(xtables_find_match)                                                                                             \
    EACH(xtables_find_match_revision)                                                                                    \
    EACH(xtables_find_target)                                                                                            \
    EACH(xtables_find_target_revision)                                                                                   \
    EACH(xtables_option_mpcall)                                                                                          \
    EACH(xtables_option_tpcall)                                                                                          \
    EACH(xtables_option_mfcall)                                                                                          \
    EACH(xtables_option_tfcall)                                                                                          \
    EACH(xtables_options_xfrm)                                                                                           \
    EACH(xtables_merge_options)                                                                                          \
    EACH(xtables_rule_matches_free)                                                                                      \
    EACH(xtables_free_opts)                                                                                              \
    EACH(xtables_parse_interface)                                                                                        \
    EACH(xtables_parse_protocol)                                                                                         \
    EACH(xtables_ipparse_multiple)                                                                                       \
    EACH(xtables_ip6parse_multiple)                                                                                      \
    EACH(xtables_ipaddr_to_numeric)                                                                                      \
    EACH(xtables_ipaddr_to_anyname)                                                                                      \
    EACH(xtables_ipmask_to_numeric)                                                                                      \
    EACH(xtables_ip6addr_to_numeric)                                                                                     \
    EACH(xtables_ip6addr_to_anyname)                                                                                     \
    EACH(xtables_ip6mask_to_numeric)                                                                                     \
    EACH(xtables_parse_mac_and_mask)                                                                                     \
    EACH(xtables_getethertypebyname)                                                                                     \
    EACH(xtables_getethertypebynumber)                                                                                   \
    EACH(xtables_strtoui)

static struct {
#define POINTER(name) __typeof__(&name) name;
    FUNCTIONS(POINTER)
#undef POINTER
    struct xtables_match **matches, **pending_matches;
    struct xtables_target **targets, **pending_targets;
    const struct xtables_pprot *protocols;
} library;

static bool is_open;

/* -- Calls that may not return, or print -- */

struct text {
    char *bytes;
    size_t length, room;
};

static struct {
    sigjmp_buf jump;
    volatile bool is_active;
    int status;
    char message[4096];
    struct text output, complaints;
    /* Where the complaints of the latest call begin. */
    size_t complaints_before;
    pthread_t thread;
    FILE *real_output, *real_complaints;
    FILE *caught_output, *caught_complaints;
    /* Handlers of exit() are told apart by such an address. */
    char exit_mark;
} guard;

extern int __cxa_atexit(void (*)(void *), void *, void *);
extern void __cxa_finalize(void *);

static void text_append(struct text *text, const char *bytes, size_t length) {
    if (text->length + length + 1 > text->room) {
        size_t room = (text->length + length + 1) * 2;
        char *larger = realloc(text->bytes, room);
        if (!larger) return;
        text->bytes = larger;
        text->room = room;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = 0;
}

static void text_clear(struct text *text) {
    text->length = 0;
    if (text->bytes) text->bytes[0] = 0;
}

/* What other threads print meanwhile goes where it belongs. */
static ssize_t catch_bytes(void *cookie, const char *bytes, size_t length) {
    bool is_output = cookie == &guard.output;
    if (guard.is_active && pthread_equal(pthread_self(), guard.thread))
        text_append(cookie, bytes, length);
    else
        fwrite(bytes, 1, length, is_output ? guard.real_output : guard.real_complaints);
    return (ssize_t)length;
}

static FILE *catching_stream(struct text *text) {
    FILE *stream = fopencookie(text, "w", (cookie_io_functions_t){.write = catch_bytes});
    if (stream) setvbuf(stream, NULL, _IONBF, 0);
    return stream;
}

__attribute__((noreturn)) static void refuse(enum xtables_exittype status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(guard.message, sizeof guard.message, format, arguments);
    va_end(arguments);
    guard.status = status ? (int)status : 1;
    siglongjmp(guard.jump, 1);
}

/* An extension that calls exit() comes here first, and returns to the guard instead of ending the process. */
static void stop_exit(void *unused) {
    (void)unused;
    if (!guard.is_active || !pthread_equal(pthread_self(), guard.thread)) return;
    guard.status = 1;
    siglongjmp(guard.jump, 1);
}

/* An extension that is given a structure which is not of its own making may read where nothing is, or divide by zero. */
static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGFPE};
enum { FAULTS = sizeof fault_signals / sizeof *fault_signals };
static struct sigaction faults_before[FAULTS];

static void stop_fault(int number) {
    if (guard.is_active && pthread_equal(pthread_self(), guard.thread)) {
        guard.status = 1;
        snprintf(guard.message, sizeof guard.message, "the extension failed (%s); its structure may be damaged",
                 strsignal(number));
        siglongjmp(guard.jump, 1);
    }
    /* Not of our doing: as it would have been without us, once the instruction is tried again. */
    for (int index = 0; index < FAULTS; index++)
        if (fault_signals[index] == number) sigaction(number, &faults_before[index], NULL);
}

static void faults_begin(void) {
    struct sigaction action = {.sa_handler = stop_fault, .sa_flags = SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (int index = 0; index < FAULTS; index++) sigaction(fault_signals[index], &action, &faults_before[index]);
}

static void faults_end(void) {
    for (int index = 0; index < FAULTS; index++) sigaction(fault_signals[index], &faults_before[index], NULL);
}

static void guard_begin(void) {
    guard.status = 0;
    guard.message[0] = 0;
    text_clear(&guard.output);
    guard.complaints_before = guard.complaints.length;
    if (!guard.caught_output) guard.caught_output = catching_stream(&guard.output);
    if (!guard.caught_complaints) guard.caught_complaints = catching_stream(&guard.complaints);
    guard.thread = pthread_self();
    guard.real_output = stdout;
    guard.real_complaints = stderr;
    if (guard.caught_output) stdout = guard.caught_output;
    if (guard.caught_complaints) stderr = guard.caught_complaints;
    __cxa_atexit(stop_exit, NULL, &guard.exit_mark);
    guard.is_active = true;
}

static int guard_end(void) {
    guard.is_active = false;
    __cxa_finalize(&guard.exit_mark);
    stdout = guard.real_output;
    stderr = guard.real_complaints;
    return guard.status;
}

#define GUARDED(statement)                                                                                               \
    do {                                                                                                                 \
        guard_begin();                                                                                                   \
        if (sigsetjmp(guard.jump, 1) == 0) { statement; }                                                                      \
        guard_end();                                                                                                     \
    } while (0)

const char *cxt_message(void) {
    if (guard.message[0]) return guard.message;
    if (guard.complaints.length > guard.complaints_before) return guard.complaints.bytes + guard.complaints_before;
    return "the extension gave up without a word";
}

static const char *text_get(const struct text *text, size_t *length) {
    *length = text->length;
    return text->bytes ? text->bytes : "";
}

const char *cxt_output(size_t *length) { return text_get(&guard.output, length); }

const char *cxt_complaints(size_t *length) { return text_get(&guard.complaints, length); }

/* -- Opening -- */

static struct {
    cxt_query query;
    void *context;
    uint8_t family;
} place;

/* The numbers by which libxtables says what it asks about; those of the old getsockopt interface. */
enum { MATCH_V4 = 66, TARGET_V4 = 67, MATCH_V6 = 68, TARGET_V6 = 69 };

static int has_revision(const char *name, uint8_t revision, int option) {
    bool is_target = option == TARGET_V4 || option == TARGET_V6;
    if (option < MATCH_V4 || option > TARGET_V6 || !place.query) return 1;
    int error = place.query(place.context, option < MATCH_V6 ? NFPROTO_IPV4 : NFPROTO_IPV6, is_target, name, revision);
    /* Who may not ask gets the newest. */
    if (error == 0 || error == EPERM) return 1;
    if (revision > 0) return 0;
    /* Taken all the same, so that the extension can say in its own words what is wrong with its options. */
    fprintf(stderr, "Warning: Extension %s revision 0 not supported, missing kernel module?\n", name);
    return 1;
}

/* iptables' own options, by the letters of their short forms. */
static struct option own_options[] = {
    {"append", 1, NULL, 'A'},        {"delete", 1, NULL, 'D'},       {"check", 1, NULL, 'C'},
    {"insert", 1, NULL, 'I'},        {"replace", 1, NULL, 'R'},      {"list", 2, NULL, 'L'},
    {"list-rules", 2, NULL, 'S'},    {"flush", 2, NULL, 'F'},        {"zero", 2, NULL, 'Z'},
    {"new-chain", 1, NULL, 'N'},     {"delete-chain", 2, NULL, 'X'}, {"rename-chain", 1, NULL, 'E'},
    {"policy", 1, NULL, 'P'},        {"source", 1, NULL, 's'},       {"destination", 1, NULL, 'd'},
    {"src", 1, NULL, 's'},           {"dst", 1, NULL, 'd'},          {"protocol", 1, NULL, 'p'},
    {"in-interface", 1, NULL, 'i'},  {"jump", 1, NULL, 'j'},         {"table", 1, NULL, 't'},
    {"match", 1, NULL, 'm'},         {"numeric", 0, NULL, 'n'},      {"out-interface", 1, NULL, 'o'},
    {"verbose", 0, NULL, 'v'},       {"wait", 2, NULL, 'w'},         {"wait-interval", 2, NULL, 'W'},
    {"exact", 0, NULL, 'x'},         {"fragments", 0, NULL, 'f'},    {"version", 0, NULL, 'V'},
    {"help", 2, NULL, 'h'},          {"line-numbers", 0, NULL, '0'}, {"modprobe", 1, NULL, 'M'},
    {"set-counters", 1, NULL, 'c'},  {"goto", 1, NULL, 'g'},         {"ipv4", 0, NULL, '4'},
    {"ipv6", 0, NULL, '6'},          {NULL, 0, NULL, 0},
};

/* Those of arptables; options without a short form have letters that iptables does not use. */
static struct option arp_options[] = {
    {"append", 1, NULL, 'A'},       {"delete", 1, NULL, 'D'},          {"check", 1, NULL, 'C'},
    {"insert", 1, NULL, 'I'},       {"replace", 1, NULL, 'R'},         {"list", 2, NULL, 'L'},
    {"list-rules", 2, NULL, 'S'},   {"flush", 2, NULL, 'F'},           {"zero", 2, NULL, 'Z'},
    {"new-chain", 1, NULL, 'N'},    {"delete-chain", 2, NULL, 'X'},    {"rename-chain", 1, NULL, 'E'},
    {"policy", 1, NULL, 'P'},       {"source-ip", 1, NULL, 's'},       {"destination-ip", 1, NULL, 'd'},
    {"src-ip", 1, NULL, 's'},       {"dst-ip", 1, NULL, 'd'},          {"source-mac", 1, NULL, 'a'},
    {"destination-mac", 1, NULL, 'b'}, {"src-mac", 1, NULL, 'a'},      {"dst-mac", 1, NULL, 'b'},
    {"h-length", 1, NULL, 'l'},     {"p-length", 1, NULL, 'e'},        {"opcode", 1, NULL, 'u'},
    {"h-type", 1, NULL, 'y'},       {"proto-type", 1, NULL, 'r'},      {"in-interface", 1, NULL, 'i'},
    {"jump", 1, NULL, 'j'},         {"table", 1, NULL, 't'},           {"match", 1, NULL, 'm'},
    {"numeric", 0, NULL, 'n'},      {"out-interface", 1, NULL, 'o'},   {"verbose", 0, NULL, 'v'},
    {"exact", 0, NULL, 'x'},        {"version", 0, NULL, 'V'},         {"help", 2, NULL, 'h'},
    {"line-numbers", 0, NULL, '0'}, {"modprobe", 1, NULL, 'M'},        {"set-counters", 1, NULL, 'c'},
    {NULL, 0, NULL, 0},
};

/* Those of ebtables. */
static struct option bridge_options[] = {
    {"append", 1, NULL, 'A'},        {"insert", 1, NULL, 'I'},        {"delete", 1, NULL, 'D'},
    {"list", 2, NULL, 'L'},          {"Lc", 0, NULL, 'k'},            {"Ln", 0, NULL, '0'},
    {"Lx", 0, NULL, 'x'},            {"Lmac2", 0, NULL, '2'},         {"zero", 2, NULL, 'Z'},
    {"flush", 2, NULL, 'F'},         {"policy", 1, NULL, 'P'},        {"in-interface", 1, NULL, 'i'},
    {"in-if", 1, NULL, 'i'},         {"logical-in", 1, NULL, 'y'},    {"logical-out", 1, NULL, 'z'},
    {"out-interface", 1, NULL, 'o'}, {"out-if", 1, NULL, 'o'},        {"version", 0, NULL, 'V'},
    {"verbose", 0, NULL, 'v'},       {"help", 0, NULL, 'h'},          {"jump", 1, NULL, 'j'},
    {"set-counters", 1, NULL, 'c'},  {"change-counters", 1, NULL, 'C'}, {"proto", 1, NULL, 'p'},
    {"protocol", 1, NULL, 'p'},      {"db", 1, NULL, 'b'},            {"source", 1, NULL, 's'},
    {"src", 1, NULL, 's'},           {"destination", 1, NULL, 'd'},   {"dst", 1, NULL, 'd'},
    {"table", 1, NULL, 't'},         {"modprobe", 1, NULL, 'M'},      {"new-chain", 1, NULL, 'N'},
    {"rename-chain", 1, NULL, 'E'},  {"delete-chain", 2, NULL, 'X'},  {"init-table", 0, NULL, 'q'},
    {"concurrent", 0, NULL, 'w'},    {"check", 1, NULL, 'K'},         {NULL, 0, NULL, 0},
};

static const char short_options[] = "-:A:C:D:E:F::I:L::M:N:P:VX::Z::c:d:i:j:o:p:s:t:R:S::W::46bfg:h::m:nvw::x";
static const char arp_short_options[] = "-:A:C:D:E:F::I:L::M:N:P:VX::Z::c:d:i:j:o:p:s:t:R:S::hl:nvxm:";
static const char bridge_short_options[] = "-:A:C:D:E:F::I:L::M:N:P:VX::Z::c:d:i:j:o:p:s:t:hv";

static struct xtables_globals globals = {
    .program_name = "iptables",
    .program_version = "xt2",
    .orig_opts = own_options,
    .exit_err = refuse,
    .compat_rev = has_revision,
};

static const char *open_library(void) {
    static char failure[512];
    void *handle = dlopen("libxtables.so.12", RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(failure, sizeof failure, "%s", dlerror());
        return failure;
    }
#define FIND(name)                                                                                                       \
    if (!(library.name = (__typeof__(&name))dlsym(handle, #name))) return "it lacks the function " #name;
    FUNCTIONS(FIND)
#undef FIND
    library.matches = dlsym(handle, "xtables_matches");
    library.targets = dlsym(handle, "xtables_targets");
    library.pending_matches = dlsym(handle, "xtables_pending_matches");
    library.pending_targets = dlsym(handle, "xtables_pending_targets");
    library.protocols = dlsym(handle, "xtables_chain_protos");
    if (!library.matches || !library.targets || !library.pending_matches || !library.pending_targets || !library.protocols)
        return "it lacks its lists of extensions";
    return NULL;
}

const char *cxt_open(void) {
    if (is_open) return NULL;
    const char *failure = open_library();
    if (failure) return failure;
    GUARDED(library.xtables_init_all(&globals, NFPROTO_IPV4));
    if (guard.status) return cxt_message();
    is_open = true;
    return NULL;
}

const char *cxt_folder(void) { return getenv("XTABLES_LIBDIR"); }

/* Extensions that are loaded for one family leave out those of the others: they are unloaded, to be loaded again. */
static void leave_family(void) {
    library.xtables_fini();
    *library.matches = *library.pending_matches = NULL;
    *library.targets = *library.pending_targets = NULL;
}

void cxt_enter(uint8_t family, cxt_query query, void *context) {
    if (family != place.family && place.family) leave_family();
    place.query = query;
    place.context = context;
    place.family = family;
    globals.orig_opts = family == NFPROTO_ARP ? arp_options : family == NFPROTO_BRIDGE ? bridge_options : own_options;
    globals.opts = globals.orig_opts;
    library.xtables_set_nfproto(family);
    faults_begin();
}

void cxt_leave(void) {
    faults_end();
    place.query = NULL;
    place.context = NULL;
}

/* -- Reading a rule -- */

static union entry {
    struct ipt_entry v4;
    struct ip6t_entry v6;
    struct arpt_entry arp;
    char room[512];
} entry;

/* A match or a watcher of ebtables that a rule has. */
struct used {
    struct xtables_match *match;
    struct xtables_target *watcher;
};

enum { USED_LIMIT = 16 };

static struct {
    char **words;
    int count;
    char *protocol;
    bool protocol_is_used;
    struct xtables_rule_match *matches;
    struct xtables_target *target;
    struct used used[USED_LIMIT];
    int used_count;
} rule;

/* Targets of arptables want to know how long addresses are. */
static void clear_entry(void) {
    memset(&entry, 0, sizeof entry);
    if (place.family != NFPROTO_ARP) return;
    entry.arp.arp.arhln = 6;
    entry.arp.arp.arhln_mask = 255;
}

void cxt_begin_rule(int count, const char *const *words) {
    text_clear(&guard.complaints);
    memset(&rule, 0, sizeof rule);
    clear_entry();
    rule.words = calloc((size_t)count + 2, sizeof *rule.words);
    if (rule.words) {
        rule.words[rule.count++] = strdup("iptables");
        for (int index = 0; index < count; index++) rule.words[rule.count++] = strdup(words[index]);
    }
    for (struct xtables_match *match = *library.matches; match; match = match->next) match->mflags = 0;
    for (struct xtables_target *target = *library.targets; target; target = target->next) {
        target->tflags = 0;
        target->used = 0;
    }
    globals.opts = globals.orig_opts;
    globals.option_offset = 0;
    opterr = 0;
    /* 0 makes getopt forget the line before. */
    optind = 0;
}

int cxt_next(const char **argument, int *position) {
    *argument = NULL;
    const char *letters = place.family == NFPROTO_ARP      ? arp_short_options
                          : place.family == NFPROTO_BRIDGE ? bridge_short_options
                                                           : short_options;
    int code = getopt_long(rule.count, rule.words, letters, globals.opts, NULL);
    *position = optind - 2;
    if (code == CXT_END) {
        *position = optind - 1;
        if (optind < rule.count) *argument = rule.words[optind];
        return code;
    }
    if (code == CXT_WORD && strcmp(optarg, "!") == 0) {
        /* Extensions look back for it, and must not find it. */
        optarg[0] = 0;
        return CXT_NEGATION;
    }
    /* What stands behind the option, in the same word or the next. */
    *argument = code == '?' || code == ':' ? rule.words[optind - 1] : optarg;
    return code;
}

int cxt_words_taken(void) { return optind - 1; }

const char *cxt_take_word(void) {
    if (optind >= rule.count) return NULL;
    const char *word = rule.words[optind];
    if (word[0] == '-' || word[0] == '!') return NULL;
    optind++;
    return word;
}

static void fill_entry(const struct cxt_head *head) {
    clear_entry();
    if (place.family == NFPROTO_ARP || place.family == NFPROTO_BRIDGE) return;
    if (head->family == NFPROTO_IPV6) {
        struct ip6t_ip6 *ip = &entry.v6.ipv6;
        memcpy(&ip->src, head->source, 16);
        memcpy(&ip->smsk, head->source_mask, 16);
        memcpy(&ip->dst, head->destination, 16);
        memcpy(&ip->dmsk, head->destination_mask, 16);
        memcpy(ip->iniface, head->input, 16);
        memcpy(ip->outiface, head->output, 16);
        ip->proto = head->protocol;
        ip->flags = head->flags;
        ip->invflags = head->inversions;
    } else {
        struct ipt_ip *ip = &entry.v4.ip;
        memcpy(&ip->src, head->source, 4);
        memcpy(&ip->smsk, head->source_mask, 4);
        memcpy(&ip->dst, head->destination, 4);
        memcpy(&ip->dmsk, head->destination_mask, 4);
        memcpy(ip->iniface, head->input, 16);
        memcpy(ip->outiface, head->output, 16);
        ip->proto = head->protocol;
        ip->flags = head->flags;
        ip->invflags = head->inversions;
    }
}

void cxt_set_head(const struct cxt_head *head) { fill_entry(head); }

void cxt_set_protocol(const char *name) {
    free(rule.protocol);
    rule.protocol = strdup(name);
}

static size_t match_bytes(size_t size) { return XT_ALIGN(sizeof(struct xt_entry_match)) + size; }

static size_t target_bytes(size_t size) { return XT_ALIGN(sizeof(struct xt_entry_target)) + size; }

static void *zeroed(size_t size) {
    void *bytes = calloc(1, size);
    if (!bytes) refuse(RESOURCE_PROBLEM, "out of memory");
    return bytes;
}

static void init_match(struct xtables_match *match) {
    match->m = zeroed(match_bytes(match->size));
    match->m->u.match_size = (uint16_t)match_bytes(match->size);
    strcpy(match->m->u.user.name, match->real_name ? match->real_name : match->name);
    match->m->u.user.revision = match->revision;
    if (match->udata_size) {
        free(match->udata);
        match->udata = zeroed(match->udata_size);
    }
    if (match->init) match->init(match->m);
}

static void init_target(struct xtables_target *target, const char *name) {
    target->t = zeroed(target_bytes(target->size));
    target->t->u.target_size = (uint16_t)target_bytes(target->size);
    strcpy(target->t->u.user.name, target->real_name ? target->real_name : name);
    target->t->u.user.revision = target->revision;
    if (target->udata_size) {
        free(target->udata);
        target->udata = zeroed(target->udata_size);
    }
    if (target->init) target->init(target->t);
}

static void merge_options(const struct xt_option_entry *entries, const struct option *options, unsigned int *offset) {
    struct option *merged = globals.opts;
    if (entries)
        merged = library.xtables_options_xfrm(globals.orig_opts, globals.opts, entries, offset);
    else if (options)
        merged = library.xtables_merge_options(globals.orig_opts, globals.opts, options, offset);
    if (!merged) refuse(OTHER_PROBLEM, "out of memory");
    globals.opts = merged;
}

static void load_match(const char *name) {
    struct xtables_match *match = library.xtables_find_match(name, XTF_LOAD_MUST_SUCCEED, &rule.matches);
    init_match(match);
    /* The second of a kind is a copy that points at itself; its options are merged already. */
    if (match != match->next) merge_options(match->x6_options, match->extra_opts, &match->option_offset);
}

bool cxt_has_match(const char *name) {
    struct xtables_match *match = NULL;
    GUARDED(match = library.xtables_find_match(name, XTF_TRY_LOAD, NULL));
    /* What is there and cannot be used is told by cxt_match. */
    return match || guard.status || guard.complaints.length > guard.complaints_before;
}

int cxt_match(const char *name) {
    GUARDED(load_match(name));
    return guard.status;
}

/* libxtables remembers what is no target, whatever the family; asking as if it had to be one looks again. */
static struct xtables_target *find_target(const char *name) {
    struct xtables_target *target = NULL;
    GUARDED(target = library.xtables_find_target(name, XTF_LOAD_MUST_SUCCEED));
    return guard.status ? NULL : target;
}

static void load_target(struct xtables_target *target, const char *name) {
    rule.target = target;
    init_target(target, name);
    merge_options(target->x6_options, target->extra_opts, &target->option_offset);
}

int cxt_jump(const char *name, bool *found) {
    struct xtables_target *target = find_target(name);
    *found = target != NULL;
    if (!target) return 0;
    GUARDED(load_target(target, name));
    return guard.status;
}

static const char *name_of_protocol(uint8_t number, bool look_up) {
    for (int index = 0; library.protocols[index].name; index++)
        if (library.protocols[index].num == number) return library.protocols[index].name;
    struct protoent *protocol = number && look_up ? getprotobynumber(number) : NULL;
    return protocol ? protocol->p_name : NULL;
}

static struct xtables_match *find_protocol(enum xtables_tryload how, struct xtables_rule_match **matches) {
    unsigned int number;
    const char *name = rule.protocol;
    if (library.xtables_strtoui(name, NULL, &number, 0, UINT8_MAX)) name = name_of_protocol((uint8_t)number, true);
    return name ? library.xtables_find_match(name, how, matches) : NULL;
}

/* -p NAME stands for -m NAME as soon as an option comes that nothing else knows. */
static bool load_protocol(void) {
    if (!rule.protocol) return false;
    if (find_protocol(XTF_DONT_LOAD, NULL) && rule.protocol_is_used) return false;
    struct xtables_match *match = find_protocol(XTF_TRY_LOAD, &rule.matches);
    if (!match) return false;
    rule.protocol_is_used = true;
    init_match(match);
    merge_options(match->x6_options, match->extra_opts, &match->option_offset);
    optind--;
    return true;
}

static bool is_in_range(int code, unsigned int offset) {
    return (unsigned int)code >= offset && (unsigned int)code < offset + 256;
}

static void give_option(int code, bool negated, bool *again) {
    struct xtables_target *target = rule.target;
    if (target && (target->parse || target->x6_parse) && is_in_range(code, target->option_offset)) {
        library.xtables_option_tpcall((unsigned int)code, rule.words, negated, target, &entry);
        return;
    }
    for (struct xtables_rule_match *item = rule.matches; item; item = item->next) {
        struct xtables_match *match = item->match;
        if (item->completed || (!match->parse && !match->x6_parse)) continue;
        if (!is_in_range(code, match->option_offset)) continue;
        library.xtables_option_mpcall((unsigned int)code, rule.words, negated, match, &entry);
        return;
    }
    *again = load_protocol();
    if (*again) return;
    const char *word = rule.words[optind - 1];
    if (code == ':') refuse(PARAMETER_PROBLEM, "option \"%s\" requires an argument", word);
    if (code == '?') refuse(PARAMETER_PROBLEM, "unknown option \"%s\"", word);
    refuse(PARAMETER_PROBLEM, "Unknown arg \"%s\"", optarg ? optarg : word);
}

int cxt_option(int code, bool negated, bool *again) {
    *again = false;
    GUARDED(give_option(code, negated, again));
    return guard.status;
}

static void describe_match(const struct xtables_match *match, struct cxt_extension *result) {
    result->name = match->m->u.user.name;
    result->revision = match->m->u.user.revision;
    result->info = match->m->data;
    result->size = match->m->u.match_size - sizeof *match->m;
    result->scratch = match->udata;
}

static void describe_target(const struct xtables_target *target, struct cxt_extension *result) {
    result->name = target->t->u.user.name;
    result->revision = target->t->u.user.revision;
    result->info = target->t->data;
    result->size = target->t->u.target_size - sizeof *target->t;
    result->scratch = target->udata;
}

/* -- Extensions of ebtables: all are there from the start, and come into the rule with their first option -- */

static const char *const bridge_matches[] = {"802_3", "arp", "ip", "ip6", "mark_m", "limit", "pkttype", "vlan", "stp", "among"};
static const char *const bridge_watchers[] = {"log", "nflog"};

static void load_bridge(void) {
    for (size_t index = 0; index < sizeof bridge_matches / sizeof *bridge_matches; index++) {
        struct xtables_match *match = library.xtables_find_match(bridge_matches[index], XTF_TRY_LOAD, NULL);
        if (match) merge_options(match->x6_options, match->extra_opts, &match->option_offset);
    }
    for (size_t index = 0; index < sizeof bridge_watchers / sizeof *bridge_watchers; index++) {
        struct xtables_target *watcher = library.xtables_find_target(bridge_watchers[index], XTF_TRY_LOAD);
        if (watcher) merge_options(watcher->x6_options, watcher->extra_opts, &watcher->option_offset);
    }
}

int cxt_load_bridge(void) {
    GUARDED(load_bridge());
    return guard.status;
}

static struct used *used_for(int code) {
    for (int index = 0; index < rule.used_count; index++) {
        struct used *used = &rule.used[index];
        if (is_in_range(code, used->match ? used->match->option_offset : used->watcher->option_offset)) return used;
    }
    if (rule.used_count == USED_LIMIT) refuse(PARAMETER_PROBLEM, "a rule cannot have so many matches");
    struct used *used = &rule.used[rule.used_count];
    memset(used, 0, sizeof *used);
    for (size_t index = 0; index < sizeof bridge_matches / sizeof *bridge_matches; index++) {
        struct xtables_match *match = library.xtables_find_match(bridge_matches[index], XTF_DONT_LOAD, NULL);
        if (!match || !is_in_range(code, match->option_offset)) continue;
        init_match(match);
        used->match = match;
    }
    for (size_t index = 0; !used->match && index < sizeof bridge_watchers / sizeof *bridge_watchers; index++) {
        struct xtables_target *watcher = library.xtables_find_target(bridge_watchers[index], XTF_DONT_LOAD);
        if (!watcher || !is_in_range(code, watcher->option_offset)) continue;
        init_target(watcher, bridge_watchers[index]);
        used->watcher = watcher;
    }
    if (!used->match && !used->watcher) return NULL;
    rule.used_count++;
    return used;
}

static void give_bridge_option(int code, bool negated) {
    if (optarg && strcmp(optarg, "!") == 0) {
        if (negated) refuse(PARAMETER_PROBLEM, "Double use of '!' not allowed");
        negated = true;
        optarg = optind < rule.count ? rule.words[optind] : NULL;
        optind++;
    }
    struct xtables_target *target = rule.target;
    if (target && (target->parse || target->x6_parse) && is_in_range(code, target->option_offset)) {
        library.xtables_option_tpcall((unsigned int)code, rule.words, negated, target, &entry);
        return;
    }
    struct used *used = code > 255 ? used_for(code) : NULL;
    const char *word = rule.words[optind - 1];
    if (used && used->match)
        library.xtables_option_mpcall((unsigned int)code, rule.words, negated, used->match, &entry);
    else if (used)
        library.xtables_option_tpcall((unsigned int)code, rule.words, negated, used->watcher, &entry);
    else if (code == ':')
        refuse(PARAMETER_PROBLEM, "option \"%s\" requires an argument", word);
    else if (code == '?')
        refuse(PARAMETER_PROBLEM, "Unknown argument: '%s'", word);
    else
        refuse(PARAMETER_PROBLEM, "Unknown argument: '%s'", optarg ? optarg : word);
}

int cxt_bridge_option(int code, bool negated) {
    GUARDED(give_bridge_option(code, negated));
    return guard.status;
}

bool cxt_used_at(int index, struct cxt_extension *extension, bool *is_target) {
    if (index >= rule.used_count) return false;
    const struct used *used = &rule.used[index];
    *is_target = used->match == NULL;
    if (used->match)
        describe_match(used->match, extension);
    else
        describe_target(used->watcher, extension);
    return true;
}

static void check_extensions(void) {
    for (int index = 0; index < rule.used_count; index++) {
        struct used *used = &rule.used[index];
        if (used->match)
            library.xtables_option_mfcall(used->match);
        else
            library.xtables_option_tfcall(used->watcher);
    }
    for (struct xtables_rule_match *item = rule.matches; item; item = item->next)
        library.xtables_option_mfcall(item->match);
    if (rule.target) library.xtables_option_tfcall(rule.target);
}

int cxt_check(void) {
    GUARDED(check_extensions());
    return guard.status;
}

bool cxt_match_at(int index, struct cxt_extension *match) {
    struct xtables_rule_match *item = rule.matches;
    while (item && index-- > 0) item = item->next;
    if (!item || !item->match->m) return false;
    describe_match(item->match, match);
    return true;
}

bool cxt_target(struct cxt_extension *target) {
    if (!rule.target || !rule.target->t) return false;
    describe_target(rule.target, target);
    return true;
}

static void release_match(struct xtables_match *match) {
    free(match->m);
    match->m = NULL;
    if (match == match->next) free(match);
}

static void release_target(struct xtables_target *target) {
    free(target->t);
    target->t = NULL;
    free(target->udata);
    target->udata = NULL;
    if (target == target->next) free(target);
}

void cxt_finish_rule(void) {
    library.xtables_rule_matches_free(&rule.matches);
    if (rule.target) release_target(rule.target);
    for (int index = 0; index < rule.used_count; index++) {
        if (rule.used[index].match)
            release_match(rule.used[index].match);
        else
            release_target(rule.used[index].watcher);
    }
    if (globals.opts != globals.orig_opts) library.xtables_free_opts(1);
    globals.opts = globals.orig_opts;
    for (int index = 0; index < rule.count; index++) free(rule.words[index]);
    free(rule.words);
    free(rule.protocol);
    memset(&rule, 0, sizeof rule);
}

int cxt_parse_protocol(const char *text, uint16_t *number) {
    GUARDED(*number = library.xtables_parse_protocol(text));
    return guard.status;
}

int cxt_parse_interface(const char *text, char name[16], uint8_t mask[16]) {
    GUARDED(library.xtables_parse_interface(text, name, mask));
    return guard.status;
}

static void parse_addresses(const char *text, uint8_t *addresses, uint8_t *masks, int room, int *count) {
    unsigned int found = 0;
    void *all = NULL, *all_masks = NULL;
    size_t size;
    if (place.family == NFPROTO_IPV6) {
        size = sizeof(struct in6_addr);
        library.xtables_ip6parse_multiple(text, (struct in6_addr **)&all, (struct in6_addr **)&all_masks, &found);
    } else {
        size = sizeof(struct in_addr);
        library.xtables_ipparse_multiple(text, (struct in_addr **)&all, (struct in_addr **)&all_masks, &found);
    }
    *count = (int)found;
    if (*count > 0 && *count <= room) {
        memcpy(addresses, all, size * found);
        memcpy(masks, all_masks, size * found);
    }
    free(all);
    free(all_masks);
    if (*count > room) refuse(PARAMETER_PROBLEM, "%d addresses are too many; %d are allowed", *count, room);
}

int cxt_parse_addresses(const char *text, uint8_t *addresses, uint8_t *masks, int room, int *count) {
    *count = 0;
    GUARDED(parse_addresses(text, addresses, masks, room, count));
    return guard.status;
}

int cxt_parse_mac(const char *text, uint8_t address[6], uint8_t mask[6]) {
    int failure = 0;
    GUARDED(failure = library.xtables_parse_mac_and_mask(text, address, mask));
    return guard.status ? guard.status : failure;
}

bool cxt_ethertype_number(const char *name, uint16_t *number) {
    struct xt_ethertypeent *found = NULL;
    GUARDED(found = library.xtables_getethertypebyname(name));
    if (!found) return false;
    *number = (uint16_t)found->e_ethertype;
    return true;
}

const char *cxt_ethertype_name(uint16_t number) {
    struct xt_ethertypeent *found = NULL;
    GUARDED(found = library.xtables_getethertypebynumber(number));
    return found ? found->e_name : NULL;
}

/* -- Writing a rule -- */

static struct xtables_match *known_match(const char *name) {
    struct xtables_match *match = NULL;
    GUARDED(match = library.xtables_find_match(name, XTF_TRY_LOAD, NULL));
    return guard.status ? NULL : match;
}

int cxt_defaults(bool is_target, const char *name, struct cxt_extension *extension) {
    static struct xtables_match *match;
    static struct xtables_target *target;
    static uint64_t info[1024];
    static char real_name[XT_EXTENSION_MAXNAMELEN];
    memset(extension, 0, sizeof *extension);
    if (is_target) {
        target = find_target(name);
        if (!target) return 0;
        GUARDED(init_target(target, name));
        if (guard.status == 0) describe_target(target, extension);
    } else {
        match = known_match(name);
        if (!match) return 0;
        GUARDED(init_match(match));
        if (guard.status == 0) describe_match(match, extension);
    }
    if (extension->info && extension->size <= sizeof info) {
        memcpy(info, extension->info, extension->size);
        extension->info = (const uint8_t *)info;
        snprintf(real_name, sizeof real_name, "%s", extension->name);
        extension->name = real_name;
    }
    extension->scratch = NULL;
    if (is_target)
        release_target(target);
    else
        release_match(match);
    return guard.status;
}

static struct xtables_match *match_of_revision(const char *name, uint8_t revision) {
    struct xtables_match *match = known_match(name);
    if (!match) return NULL;
    return match == match->next ? match : library.xtables_find_match_revision(name, XTF_DONT_LOAD, match, revision);
}

static struct xtables_target *target_of_revision(const char *name, uint8_t revision) {
    struct xtables_target *target = find_target(name);
    if (!target) return NULL;
    return target == target->next ? target : library.xtables_find_target_revision(name, XTF_DONT_LOAD, target, revision);
}

bool cxt_sizes(bool is_target, const char *name, uint8_t revision, size_t *size, size_t *compared) {
    if (is_target) {
        struct xtables_target *target = target_of_revision(name, revision);
        if (!target) return false;
        *size = target->size;
        *compared = target->userspacesize;
    } else {
        struct xtables_match *match = match_of_revision(name, revision);
        if (!match) return false;
        *size = match->size;
        *compared = match->userspacesize;
    }
    return true;
}

/* An extension's structure as its functions want it: aligned, and with zeros behind it, for those that count on an end. */
static union {
    struct xt_entry_match match;
    struct xt_entry_target target;
    uint64_t room[8192];
} written;

/* Largest structure that is written; that of cgroup, with a path, has 4,120 bytes. */
enum { WRITTEN_BYTES = 8192 };

static void write_match(const struct xtables_match *match, enum cxt_form form, const char **alias) {
    *alias = match->alias ? match->alias(&written.match) : match->name;
    if (form == CXT_SAVE && match->save) match->save(&entry, &written.match);
    if (form != CXT_SAVE && match->print) match->print(&entry, &written.match, form == CXT_LIST_NUMERIC);
}

static void write_target(const struct xtables_target *target, enum cxt_form form, const char **alias) {
    *alias = target->alias ? target->alias(&written.target) : target->name;
    if (form == CXT_SAVE && target->save) target->save(&entry, &written.target);
    if (form != CXT_SAVE && target->print) target->print(&entry, &written.target, form == CXT_LIST_NUMERIC);
}

static int refusal(const char *message) {
    snprintf(guard.message, sizeof guard.message, "%s", message);
    return guard.status = OTHER_PROBLEM;
}

int cxt_write(bool is_target, const struct cxt_extension *extension, const struct cxt_head *head, enum cxt_form form,
              const char **alias) {
    size_t size, compared;
    if (!cxt_sizes(is_target, extension->name, extension->revision, &size, &compared))
        return refusal("there is no such extension, or not in this revision");
    if (extension->size < compared || extension->size > WRITTEN_BYTES) return refusal("its size is wrong");
    fill_entry(head);
    memset(&written, 0, sizeof(struct xt_entry_target) + sizeof(struct xt_entry_match));
    if (is_target) {
        struct xtables_target *target = target_of_revision(extension->name, extension->revision);
        memcpy(written.target.data, extension->info, extension->size);
        written.target.u.target_size = (uint16_t)target_bytes(extension->size);
        written.target.u.user.revision = extension->revision;
        strncpy(written.target.u.user.name, extension->name, XT_EXTENSION_MAXNAMELEN - 1);
        GUARDED(write_target(target, form, alias));
    } else {
        struct xtables_match *match = match_of_revision(extension->name, extension->revision);
        memcpy(written.match.data, extension->info, extension->size);
        written.match.u.match_size = (uint16_t)match_bytes(extension->size);
        written.match.u.user.revision = extension->revision;
        strncpy(written.match.u.user.name, extension->name, XT_EXTENSION_MAXNAMELEN - 1);
        GUARDED(write_match(match, form, alias));
    }
    memset(&written, 0, sizeof(struct xt_entry_match) + sizeof(struct xt_entry_target) + extension->size);
    return guard.status;
}

int cxt_help(bool is_target, const char *name) {
    void (*help)(void) = NULL;
    if (is_target) {
        struct xtables_target *target = find_target(name);
        if (target) help = target->help;
    } else {
        struct xtables_match *match = known_match(name);
        if (match) help = match->help;
    }
    if (!help) return refusal("there is no such extension, or it has no help");
    GUARDED(help());
    return guard.status;
}

const char *cxt_protocol_name(uint8_t number, bool look_up) { return name_of_protocol(number, look_up); }

static void address_text(const uint8_t *address, const uint8_t *mask, bool numeric, char *text, size_t room) {
    const char *shown;
    if (place.family == NFPROTO_IPV6) {
        struct in6_addr ip, bits;
        memcpy(&ip, address, sizeof ip);
        memcpy(&bits, mask, sizeof bits);
        shown = numeric ? library.xtables_ip6addr_to_numeric(&ip) : library.xtables_ip6addr_to_anyname(&ip);
        snprintf(text, room, "%s", shown);
        shown = library.xtables_ip6mask_to_numeric(&bits);
    } else {
        struct in_addr ip, bits;
        memcpy(&ip, address, sizeof ip);
        memcpy(&bits, mask, sizeof bits);
        shown = numeric ? library.xtables_ipaddr_to_numeric(&ip) : library.xtables_ipaddr_to_anyname(&ip);
        snprintf(text, room, "%s", shown);
        shown = library.xtables_ipmask_to_numeric(&bits);
    }
    size_t used = strlen(text);
    snprintf(text + used, room - used, "%s", shown);
}

int cxt_address_text(const uint8_t *address, const uint8_t *mask, bool numeric, char *text, size_t room) {
    GUARDED(address_text(address, mask, numeric, text, room));
    return guard.status;
}
