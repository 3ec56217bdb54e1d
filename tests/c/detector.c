/*
 * Asks for an address on eth0 of a host of its own, where another one may have it, or listens:
 * detector ADDRESS held|free|listen VERDICT [MAC]
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <poll.h>

TEXT(bindnet_conflict_text, bindnet_conflict)
TEXT(bindnet_conflict_json, bindnet_conflict)
TEXT(bindnet_conflict_reason, bindnet_conflict)

/* Somebody claims it: who, how, and how often until now if it was listened for. */
static void claimed(const struct bindnet_conflict *found, const char *expected, int is_watch)
{
    char text[18];
    uint8_t mac[6];
    uint64_t count;
    int how;

    REFILL(mac);
    REFILL(how);
    REFILL(count);
    GIVES(OK, bindnet_conflict_mac(found, mac, NULL));
    REFILL(mac);
    GIVES(OK, bindnet_conflict_mac(found, mac, &how));
    sprintf(text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    CHECK(strcmp(text, expected) == 0);
    REFILL(mac);
    REFILL(how);
    REFUSES(INVALID, bindnet_conflict_mac(found, NULL, &how), "mac is NULL");
    REFUSES(INVALID, bindnet_conflict_count(found, NULL), "count is NULL");
    CHECK(FILLED(how));
    GIVES(OK, bindnet_conflict_mac(found, mac, &how));
    if (is_watch) {
        GIVES(OK, bindnet_conflict_count(found, &count));
        CHECK(count == 1 && how == BINDNET_SIGHTING_CLAIM);
    } else {
        GIVES(NONE, bindnet_conflict_count(found, &count));
        CHECK(FILLED(count) && how == BINDNET_SIGHTING_REPLY);
    }
    HOLDS(bindnet_conflict_text, found, expected);
    HOLDS(bindnet_conflict_reason, found, expected);
}

/* Nobody does. */
static void clear(const struct bindnet_conflict *found)
{
    char words[64];
    uint8_t mac[6];
    uint64_t count;
    size_t needed;
    int how;

    REFILL(mac);
    REFILL(how);
    REFILL(count);
    REFILL(words);
    REFILL(needed);
    GIVES(NONE, bindnet_conflict_mac(found, mac, &how));
    GIVES(NONE, bindnet_conflict_count(found, &count));
    GIVES(NONE, bindnet_conflict_reason(found, words, sizeof(words), &needed));
    GIVES(NONE, bindnet_conflict_reason(found, NULL, 0, &needed));
    REFUSES(INVALID, bindnet_conflict_mac(found, NULL, &how), "mac is NULL");
    REFUSES(INVALID, bindnet_conflict_reason(NULL, words, sizeof(words), &needed), "is NULL");
    REFUSES(INVALID, bindnet_conflict_reason(found, NULL, 1, &needed), "buffer is NULL");
    CHECK(FILLED(mac) && FILLED(how) && FILLED(count) && FILLED(words) && FILLED(needed));
}

int main(int argc, char **argv)
{
    struct bindnet_detector *asking;
    struct bindnet_conflict *found = UNSET;
    struct pollfd waited;
    uint64_t elapsed;
    int verdict, timing, is_free, is_watch;

    CHECK(argc == 4 || argc == 5);
    is_free = strcmp(argv[2], "free") == 0;
    is_watch = strcmp(argv[2], "listen") == 0;
    timing = is_watch ? BINDNET_TIMING_LISTEN : BINDNET_TIMING_FAST;
    if (is_free)
        GIVES(OK, bindnet_detector_new_before_use(argv[1], "eth0", timing, &asking));
    else
        GIVES(OK, bindnet_detector_new(argv[1], "eth0", timing, &asking));
    GIVES(OK, bindnet_detector_fd(asking, &waited.fd));
    waited.events = POLLIN;
    while (bindnet_detector_next_event(asking, &found) == BINDNET_NONE) {
        CHECK(found == UNSET);
        CHECK(poll(&waited, 1, 60000) == 1);
    }
    bindnet_detector_free(asking);
    GIVES(OK, bindnet_conflict_verdict(found, &verdict));
    GIVES(OK, bindnet_conflict_elapsed(found, &elapsed));
    HOLDS(bindnet_conflict_text, found, argv[1]);
    HOLDS(bindnet_conflict_json, found, "\"format\":\"bindnet-conflict/1\"");
    CHECK(verdict == atoi(argv[3]) && elapsed < 60000);
    if (argc == 5)
        claimed(found, argv[4], is_watch);
    else
        clear(found);
    bindnet_conflict_free(found);
    return 0;
}
