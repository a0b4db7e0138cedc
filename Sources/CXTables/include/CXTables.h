/* What Swift cannot do with libxtables: hand it functions that do not return, survive errors that end in longjmp, catch
 * what it prints, and reach into its structures.
 *
 * The library is opened at run time. Its state is global, and so is that of this shim: the caller holds one lock around
 * each sequence of calls. Functions that return int return 0, or the exit status that iptables would have ended with;
 * cxt_message() then says why. */
#ifndef CXTABLES_H
#define CXTABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Asks whether the kernel has a revision of an extension: 0, or a positive error number. */
typedef int (*cxt_query)(void *context, uint8_t family, bool is_target, const char *name, uint8_t revision);

/* What an extension may ask about the rule that it is in. Addresses and masks are in network order. */
struct cxt_head {
    uint8_t family;
    uint8_t protocol;
    uint8_t flags;
    uint8_t inversions;
    uint8_t source[16], source_mask[16];
    uint8_t destination[16], destination_mask[16];
    char input[16], output[16];
};

/* One match or the target of a rule; the pointers are valid until the next call. */
struct cxt_extension {
    const char *name;
    uint8_t revision;
    const uint8_t *info;
    size_t size;
    const void *scratch;
};

/* Opens the library; NULL, or why it cannot be opened. Does nothing when it is open. */
const char *cxt_open(void);
/* The folder that the extensions are loaded from, if it was given; else NULL. */
const char *cxt_folder(void);

/* Begins work for a family (NFPROTO_IPV4, …), which asks `query` for revisions. */
void cxt_enter(uint8_t family, cxt_query query, void *context);
/* Ends it: `query` is not called any more. */
void cxt_leave(void);

/* What went wrong, and what was printed, in the latest call. */
const char *cxt_message(void);
const char *cxt_output(size_t *length);
/* What was complained about since the rule was begun. */
const char *cxt_complaints(size_t *length);

/* -- Reading a rule -- */

/* What cxt_next finds beside the letters of iptables' own options. */
enum {
    CXT_END = -1,
    CXT_NEGATION = 0x21,
    CXT_WORD = 1,
};

/* Begins a rule with `words`, which are copied. To be ended with cxt_finish_rule, whatever happens. */
void cxt_begin_rule(int count, const char *const *words);
/* The next option: a letter, one of the above, or a number that belongs to an extension. */
int cxt_next(const char **argument, int *position);
/* How many words have been taken so far. */
int cxt_words_taken(void);
/* The next word if it is no option, and steps over it; else NULL. */
const char *cxt_take_word(void);
/* What the extensions may look at from here on. */
void cxt_set_head(const struct cxt_head *head);
/* Whether there is such a match here, usable or not. */
bool cxt_has_match(const char *name);
/* -m NAME. */
int cxt_match(const char *name);
/* -j NAME; found is false if there is no such target. */
int cxt_jump(const char *name, bool *found);
/* -p NAME was given: its match is loaded when one of its options comes. */
void cxt_set_protocol(const char *name);
/* Hands the option that cxt_next found to the extension it belongs to. */
int cxt_option(int code, bool negated, bool *again);
/* ebtables: makes the options of all its matches and watchers known; hands one of them over; the matches and watchers that
 * have come into the rule by their options, in order. */
int cxt_load_bridge(void);
int cxt_bridge_option(int code, bool negated);
bool cxt_used_at(int index, struct cxt_extension *extension, bool *is_target);
/* Checks the extensions for what is missing. */
int cxt_check(void);
/* The matches in order, then none; and the target. */
bool cxt_match_at(int index, struct cxt_extension *match);
bool cxt_target(struct cxt_extension *target);
/* Frees what belongs to the rule. */
void cxt_finish_rule(void);

int cxt_parse_protocol(const char *text, uint16_t *number);
int cxt_parse_interface(const char *text, char name[16], uint8_t mask[16]);
/* Addresses with masks, separated by commas. `addresses` and `masks` hold `room` pieces of 4 or 16 bytes each. */
int cxt_parse_addresses(const char *text, uint8_t *addresses, uint8_t *masks, int room, int *count);

/* A hardware address with its mask, or one of its names; not 0 if it is none. */
int cxt_parse_mac(const char *text, uint8_t address[6], uint8_t mask[6]);
/* The number that /etc/ethertypes has for a name, and the name that it has for a number, or NULL. */
bool cxt_ethertype_number(const char *name, uint16_t *number);
const char *cxt_ethertype_name(uint16_t number);

/* -- Writing a rule -- */

/* The extension's defaults; name is changed to what the kernel calls it. NULL info if there is no such extension. */
int cxt_defaults(bool is_target, const char *name, struct cxt_extension *extension);
/* Bytes that the extension's structure has in a revision, and how many of them user space compares; false if there is no
 * such extension. */
bool cxt_sizes(bool is_target, const char *name, uint8_t revision, size_t *size, size_t *compared);
/* Writes the options (as iptables -S, or as iptables -L) to the output; alias receives the name to print. */
enum cxt_form { CXT_SAVE, CXT_LIST, CXT_LIST_NUMERIC };
int cxt_write(bool is_target, const struct cxt_extension *extension, const struct cxt_head *head, enum cxt_form form,
              const char **alias);
/* Writes the extension's help to the output. */
int cxt_help(bool is_target, const char *name);
/* The name of a protocol number, or NULL. */
const char *cxt_protocol_name(uint8_t number, bool look_up);
/* The name that an address resolves to, or its numbers, with its mask behind it. */
int cxt_address_text(const uint8_t *address, const uint8_t *mask, bool numeric, char *text, size_t room);

#endif
