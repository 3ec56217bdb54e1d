/*
 * What the programs of this folder share. Each of them ends with 0 if everything holds, and else
 * says what does not.
 */
#ifndef CHECK_H
#define CHECK_H

#include <bindnet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(holds) check((holds) != 0, #holds, __FILE__, __LINE__)

/* A call ends like this; one that fails has something to say, too. */
#define GIVES(expected, call) gives(BINDNET_##expected, (call), #call, __FILE__, __LINE__)

/* A call does so, and this is part of what it says. */
#define REFUSES(expected, call, words) \
    (GIVES(expected, call), says(words, #call, __FILE__, __LINE__))

/* Where nothing was written: what a handle was before, and what every byte of a buffer was. */
#define UNSET (unset())
#define FILL 0xa5
#define FILLED(place) is_filled(&(place), sizeof(place))
#define REFILL(place) ((void)memset(&(place), FILL, sizeof(place)))

static inline void *unset(void)
{
    static char place;

    return &place;
}

static inline void check(int holds, const char *what, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    exit(1);
}

static inline int is_filled(const void *place, size_t size)
{
    const unsigned char *bytes = place;

    while (size > 0 && bytes[size - 1] == FILL)
        size--;
    return size == 0;
}

static inline void gives(enum bindnet_result expected, enum bindnet_result result, const char *what,
                         const char *file, int line)
{
    char words[2048] = "";

    if (result != BINDNET_OK)
        check(bindnet_error(words, sizeof(words), NULL) == BINDNET_OK, "an error", file, line);
    if (result == expected && (result == BINDNET_OK || words[0] != '\0'))
        return;
    fprintf(stderr, "%s:%d: %s: gives %d (%s), not %d\n", file, line, what, result, words, expected);
    exit(1);
}

static inline void says(const char *expected, const char *what, const char *file, int line)
{
    char words[2048] = "";

    check(bindnet_error(words, sizeof(words), NULL) == BINDNET_OK, "an error", file, line);
    if (strstr(words, expected) != NULL)
        return;
    fprintf(stderr, "%s:%d: %s: says `%s`, not `%s`\n", file, line, what, words, expected);
    exit(1);
}

/*
 * Requires of a function that gives a text that it keeps to the buffer, which is no larger than it
 * is said to be, so that a checker of memory sees what is too much.
 */
#define TEXT(function, type)                                                                      \
    static inline char *function##_holds(const struct type *handle)                               \
    {                                                                                             \
        size_t needed, again;                                                                     \
        char *small, *text;                                                                       \
                                                                                                  \
        REFILL(needed);                                                                           \
        REFUSES(INVALID, function(NULL, NULL, 0, &needed), "is NULL");                            \
        CHECK(FILLED(needed));                                                                    \
        REFUSES(INVALID, function(handle, NULL, 1, &needed), "buffer is NULL");                   \
        CHECK(FILLED(needed));                                                                    \
        REFUSES(SPACE, function(handle, NULL, 0, &needed), "are needed");                         \
        CHECK(needed > 1);                                                                        \
        GIVES(SPACE, function(handle, NULL, 0, NULL));                                            \
        text = malloc(needed);                                                                    \
        small = malloc(needed - 1);                                                               \
        CHECK(text != NULL && small != NULL);                                                     \
        memset(small, FILL, needed - 1);                                                          \
        REFILL(again);                                                                            \
        GIVES(SPACE, function(handle, small, needed - 1, &again));                                \
        CHECK(again == needed && is_filled(small, needed - 1));                                   \
        GIVES(SPACE, function(handle, small, 0, NULL));                                           \
        CHECK(is_filled(small, needed - 1));                                                      \
        REFILL(again);                                                                            \
        GIVES(OK, function(handle, text, needed, &again));                                        \
        CHECK(again == needed && strlen(text) == needed - 1);                                     \
        memset(text, FILL, needed);                                                               \
        GIVES(OK, function(handle, text, needed, NULL));                                          \
        CHECK(strlen(text) == needed - 1);                                                        \
        free(small);                                                                              \
        small = malloc(needed + 8);                                                               \
        CHECK(small != NULL);                                                                     \
        memset(small, FILL, needed + 8);                                                          \
        GIVES(OK, function(handle, small, needed + 8, NULL));                                     \
        CHECK(strcmp(small, text) == 0 && is_filled(small + needed, 8));                          \
        free(small);                                                                              \
        return text;                                                                              \
    }

/* Requires that the text has this in it. */
#define HOLDS(function, handle, words)                                     \
    do {                                                                   \
        char *text_ = function##_holds(handle);                            \
        if (strstr(text_, words) == NULL)                                  \
            fprintf(stderr, "`%s` is expected in: %s\n", words, text_);    \
        CHECK(strstr(text_, words) != NULL);                               \
        free(text_);                                                       \
    } while (0)

static inline struct bindnet_selector *selector(const char *bindnetaddr)
{
    struct bindnet_selector *made = NULL;

    GIVES(OK, bindnet_selector_new(bindnetaddr, &made));
    CHECK(made != NULL);
    return made;
}

static inline struct bindnet_snapshot *snapshot(const char *json)
{
    struct bindnet_snapshot *made = NULL;

    GIVES(OK, bindnet_snapshot_parse(json, strlen(json), &made));
    CHECK(made != NULL);
    return made;
}

static inline struct bindnet_decision *decide(const struct bindnet_selector *selector,
                                              const struct bindnet_snapshot *host)
{
    struct bindnet_decision *made = NULL;

    GIVES(OK, bindnet_selector_decide(selector, host, &made));
    CHECK(made != NULL);
    return made;
}

/* A host with two addresses of a network, one of which moves, as iproute2 shows it. */
#define HOST                                                                                      \
    "[{\"ifindex\":1,\"ifname\":\"lo\",\"flags\":[\"LOOPBACK\",\"UP\",\"LOWER_UP\"],"             \
    "\"addr_info\":[{\"family\":\"inet\",\"local\":\"127.0.0.1\",\"prefixlen\":8,"                \
    "\"scope\":\"host\",\"label\":\"lo\"}]},"                                                     \
    "{\"ifindex\":2,\"ifname\":\"eth0\",\"flags\":[\"BROADCAST\",\"UP\",\"LOWER_UP\"],"           \
    "\"addr_info\":[{\"family\":\"inet\",\"local\":\"192.0.2.10\",\"prefixlen\":24,"              \
    "\"scope\":\"global\",\"label\":\"eth0\"},"                                                   \
    "{\"family\":\"inet\",\"local\":\"192.0.2.20\",\"prefixlen\":24,\"scope\":\"global\","        \
    "\"secondary\":true,\"label\":\"eth0:vip\"},"                                                 \
    "{\"family\":\"inet6\",\"local\":\"fe80::1\",\"prefixlen\":64,\"scope\":\"link\"}]}]"

/* The same without the colon: what is left is close. */
#define CLOSE_HOST                                                                                \
    "[{\"ifindex\":2,\"ifname\":\"eth0\",\"flags\":[\"BROADCAST\",\"UP\",\"LOWER_UP\"],"          \
    "\"addr_info\":[{\"family\":\"inet\",\"local\":\"192.0.2.10\",\"prefixlen\":24,"              \
    "\"scope\":\"global\",\"label\":\"eth0\"},"                                                   \
    "{\"family\":\"inet\",\"local\":\"192.0.2.20\",\"prefixlen\":24,\"scope\":\"global\","        \
    "\"secondary\":true,\"label\":\"eth0\"}]}]"

/* A host whose link has an alternative name. */
#define ALT_NAME_HOST                                                                             \
    "[{\"ifindex\":2,\"ifname\":\"eth0\",\"altnames\":[\"enp0s3-long-name\"],"                    \
    "\"flags\":[\"BROADCAST\",\"UP\",\"LOWER_UP\"],"                                              \
    "\"addr_info\":[{\"family\":\"inet\",\"local\":\"192.0.2.10\",\"prefixlen\":24,"              \
    "\"scope\":\"global\",\"label\":\"eth0\"}]}]"

#endif
