/*
 * Asks for an address on eth0 of a host of its own, where another one may have it:
 * detector ADDRESS held|free VERDICT [MAC]
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <poll.h>

TEXT(bindnet_conflict_text, bindnet_conflict)
TEXT(bindnet_conflict_json, bindnet_conflict)

int main(int argc, char **argv)
{
    struct bindnet_detector *asking;
    struct bindnet_conflict *found = UNSET;
    struct pollfd waited;
    char text[18];
    uint8_t mac[6];
    int verdict, how;

    CHECK(argc == 4 || argc == 5);
    GIVES(OK, bindnet_detector_new(argv[1], "eth0", strcmp(argv[2], "free") == 0,
                                   BINDNET_TIMING_FAST, &asking));
    GIVES(OK, bindnet_detector_fd(asking, &waited.fd));
    waited.events = POLLIN;
    while (bindnet_detector_next_event(asking, &found) == BINDNET_NONE) {
        CHECK(found == UNSET);
        CHECK(poll(&waited, 1, 60000) == 1);
    }
    GIVES(OK, bindnet_conflict_verdict(found, &verdict));
    HOLDS(bindnet_conflict_text, found, argv[1]);
    HOLDS(bindnet_conflict_json, found, "\"format\":\"bindnet-conflict/1\"");
    CHECK(verdict == atoi(argv[3]));
    REFILL(mac);
    REFILL(how);
    if (argc == 5) {
        GIVES(OK, bindnet_conflict_mac(found, &mac, NULL));
        REFILL(mac);
        GIVES(OK, bindnet_conflict_mac(found, &mac, &how));
        sprintf(text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                mac[5]);
        CHECK(strcmp(text, argv[4]) == 0 && how == BINDNET_HOW_REPLY);
        HOLDS(bindnet_conflict_text, found, argv[4]);
    } else {
        GIVES(NONE, bindnet_conflict_mac(found, &mac, &how));
        CHECK(FILLED(mac) && FILLED(how));
    }
    bindnet_conflict_free(found);
    bindnet_detector_free(asking);
    return 0;
}
