/* Watches a host of its own, on which eth0 is up and has no address. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

TEXT(bindnet_event_text, bindnet_event)
TEXT(bindnet_event_json, bindnet_event)
TEXT(bindnet_event_address, bindnet_event)
TEXT(bindnet_event_previous, bindnet_event)

static void ip(const char *words)
{
    char command[256];

    sprintf(command, "ip %.200s", words);
    CHECK(system(command) == 0);
}

/* The next event, which comes or the test fails. */
static struct bindnet_event *next(struct bindnet_monitor *watched)
{
    struct bindnet_event *happened = UNSET;
    struct pollfd waited;

    GIVES(OK, bindnet_monitor_fd(watched, &waited.fd));
    waited.events = POLLIN;
    while (bindnet_monitor_next_event(watched, &happened) == BINDNET_NONE) {
        CHECK(happened == UNSET);
        CHECK(poll(&waited, 1, 60000) == 1);
        GIVES(OK, bindnet_monitor_dispatch(watched));
    }
    return happened;
}

/* Requires that the event has this choice, or none. */
#define HAS(function, happened, expected)                                                  \
    do {                                                                                   \
        char buffer_[64];                                                                  \
        size_t needed_;                                                                    \
                                                                                           \
        REFILL(buffer_);                                                                   \
        REFILL(needed_);                                                                   \
        if ((expected) == NULL) {                                                          \
            REFUSES(INVALID, function(happened, NULL, 1, &needed_), "buffer is NULL");     \
            GIVES(NONE, function(happened, buffer_, sizeof(buffer_), &needed_));           \
            CHECK(FILLED(buffer_) && FILLED(needed_));                                     \
        } else {                                                                           \
            char *text_ = function##_holds(happened);                                      \
                                                                                           \
            CHECK(strcmp(text_, (expected)) == 0);                                         \
            free(text_);                                                                   \
        }                                                                                  \
    } while (0)

/* An event of this kind, from this choice to that one, which says so. */
static void expect(struct bindnet_monitor *watched, int expected, const char *from, const char *to,
                   const char *words)
{
    struct bindnet_event *happened = next(watched);
    int kind;

    GIVES(OK, bindnet_event_kind(happened, &kind));
    if (kind != expected)
        fprintf(stderr, "kind %d instead of %d\n", kind, expected);
    CHECK(kind == expected);
    HOLDS(bindnet_event_text, happened, words);
    HOLDS(bindnet_event_json, happened, words);
    HAS(bindnet_event_previous, happened, from);
    HAS(bindnet_event_address, happened, to);
    bindnet_event_free(happened);
}

/* Requires that the choice is this one and can be bound, or that there is none. */
static void choice(const struct bindnet_monitor *watched, uint32_t expected)
{
    struct bindnet_address address = { .size = sizeof(address) };
    struct bindnet_decision *decision = UNSET;
    struct sockaddr_in v4;
    int fd;

    GIVES(OK, bindnet_monitor_decision(watched, &decision));
    bindnet_decision_free(decision);
    decision = UNSET;
    if (expected == 0) {
        GIVES(NONE, bindnet_monitor_choice(watched, &address));
        GIVES(NONE, bindnet_monitor_decision_of_choice(watched, &decision));
        CHECK(decision == UNSET);
        return;
    }
    GIVES(OK, bindnet_monitor_choice(watched, &address));
    memcpy(&v4, &address.address, sizeof(v4));
    CHECK(ntohl(v4.sin_addr.s_addr) == expected);
    CHECK(strcmp(address.interface_name, "eth0") == 0);
    fd = socket(address.address.ss_family, SOCK_DGRAM, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address.address, address.address_len) == 0);
    close(fd);
    GIVES(OK, bindnet_monitor_decision_of_choice(watched, &decision));
    bindnet_decision_free(decision);
}

int main(void)
{
    struct bindnet_selector *asked = selector("192.0.2.0");
    struct bindnet_monitor *waits, *follows;
    const char *ten = "192.0.2.10", *thirty = "192.0.2.30";
    uint64_t overruns;

    GIVES(OK, bindnet_monitor_new(asked, 0, &waits));
    GIVES(OK, bindnet_monitor_new(asked, 1, &follows));
    bindnet_selector_free(asked);
    GIVES(OK, bindnet_monitor_wait(waits, 20));
    GIVES(OK, bindnet_monitor_wait(follows, 0));
    expect(waits, BINDNET_EVENT_INITIAL, NULL, NULL, "no IPv4 address");
    expect(follows, BINDNET_EVENT_INITIAL, NULL, NULL, "no IPv4 address");
    choice(waits, 0);
    choice(follows, 0);

    ip("addr add 192.0.2.10/24 dev eth0");
    expect(waits, BINDNET_EVENT_GAINED, NULL, ten, ten);
    expect(follows, BINDNET_EVENT_GAINED, NULL, ten, ten);
    choice(waits, 0xc000020a);

    ip("addr add 192.0.2.20/24 dev eth0 label eth0:vip");
    expect(waits, BINDNET_EVENT_KEPT, ten, ten, "192.0.2.20");
    expect(follows, BINDNET_EVENT_KEPT, ten, ten, "192.0.2.20");
    choice(waits, 0xc000020a);

    ip("addr add 192.0.2.30/24 dev eth0");
    expect(waits, BINDNET_EVENT_KEPT, ten, ten, thirty);
    expect(follows, BINDNET_EVENT_KEPT, ten, ten, thirty);

    /* The kernel makes another one primary (promote_secondaries). */
    ip("addr del 192.0.2.10/24 dev eth0");
    expect(waits, BINDNET_EVENT_LOST, ten, NULL, ten);
    expect(follows, BINDNET_EVENT_MOVED, ten, thirty, thirty);
    choice(waits, 0);
    choice(follows, 0xc000021e);

    ip("addr add 192.0.2.10/24 dev eth0");
    expect(waits, BINDNET_EVENT_GAINED, ten, ten, ten);
    choice(waits, 0xc000020a);
    GIVES(OK, bindnet_monitor_overruns(waits, &overruns));
    CHECK(overruns == 0);
    bindnet_monitor_free(waits);
    bindnet_monitor_free(follows);
    return 0;
}
