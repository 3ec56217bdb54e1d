/* The rule for one bindnetaddr: what every setter takes, refuses and does. */
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static struct bindnet_snapshot *host;

/* Requires that this is what a selector chooses. */
static void chooses(const struct bindnet_selector *asked, const char *expected)
{
    struct bindnet_address chosen;
    struct bindnet_decision *decision = decide(asked, host);
    struct sockaddr_in v4;
    char text[INET_ADDRSTRLEN] = "";

    REFILL(chosen);
    chosen.size = sizeof(chosen);
    if (expected == NULL) {
        GIVES(NONE, bindnet_decision_chosen(decision, &chosen));
    } else {
        GIVES(OK, bindnet_decision_chosen(decision, &chosen));
        memcpy(&v4, &chosen.address, sizeof(v4));
        inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
        if (strcmp(text, expected) != 0)
            fprintf(stderr, "%s instead of %s\n", text, expected);
        CHECK(strcmp(text, expected) == 0);
    }
    bindnet_decision_free(decision);
}

/* Requires that a setter of a text refuses NULL, and what is not UTF-8 unless it is a name. */
#define TEXT_SETTER(function, is_name)                                       \
    do {                                                                     \
        GIVES(INVALID, function(NULL, "default"));                           \
        GIVES(INVALID, function(NULL, NULL));                                \
        REFUSES(INVALID, function(asked, NULL), "is NULL");                  \
        if (!(is_name))                                                      \
            REFUSES(INVALID, function(asked, "192.0.2.\xff"), "utf-8");      \
        GIVES(INVALID, function(asked, ""));                                 \
        if (!(is_name))                                                      \
            GIVES(INVALID, function(asked, "no such thing, and a long one")); \
    } while (0)

static void is_made(void)
{
    struct bindnet_selector *made = UNSET;

    REFUSES(INVALID, bindnet_selector_new(NULL, &made), "bindnetaddr is NULL");
    REFUSES(INVALID, bindnet_selector_new("192.0.2.0", NULL), "selector is NULL");
    GIVES(INVALID, bindnet_selector_new(NULL, NULL));
    REFUSES(INVALID, bindnet_selector_new("192.0.2.\xff", &made), "utf-8");
    REFUSES(INVALID, bindnet_selector_new("192.0.2.0/33", &made), "33");
    GIVES(INVALID, bindnet_selector_new("192.0.2.10/24", &made));
    GIVES(INVALID, bindnet_selector_new("", &made));
    REFUSES(INVALID, bindnet_selector_new("eth0", &made), "eth0");
    CHECK(made == UNSET);
    GIVES(OK, bindnet_selector_new("192.0.2.0/24", &made));
    CHECK(made != NULL && made != UNSET);
    bindnet_selector_free(made);
    made = NULL;
    GIVES(OK, bindnet_selector_new("fe80::%eth0/64", &made));
    bindnet_selector_free(made);
    bindnet_selector_free(NULL);
}

static void setters(void)
{
    struct bindnet_selector *asked = selector("192.0.2.0");
    char long_name[129] = "";

    TEXT_SETTER(bindnet_selector_profile, 0);
    TEXT_SETTER(bindnet_selector_interface, 1);
    TEXT_SETTER(bindnet_selector_floating, 0);
    TEXT_SETTER(bindnet_selector_fixed, 0);
    TEXT_SETTER(bindnet_selector_without_rule, 0);
    TEXT_SETTER(bindnet_selector_previous, 0);
    GIVES(INVALID, bindnet_selector_strict(NULL, 1));
    GIVES(INVALID, bindnet_selector_list_all(NULL, 1));
    REFUSES(INVALID, bindnet_selector_profile(asked, "corosync:9"), "9");
    REFUSES(INVALID, bindnet_selector_previous(asked, "192.0.2.10/24"), "24");
    memset(long_name, 'n', 128);
    REFUSES(INVALID, bindnet_selector_interface(asked, long_name), "at most 127");
    /* What was refused has changed nothing. */
    chooses(asked, "192.0.2.10");
    bindnet_selector_free(asked);
}

static void profile(void)
{
    struct bindnet_selector *asked = selector("192.0.2.20");

    chooses(asked, "192.0.2.20");
    bindnet_selector_free(asked);
    asked = selector("192.0.2.0");
    GIVES(OK, bindnet_selector_profile(asked, "corosync"));
    chooses(asked, "192.0.2.10");
    GIVES(OK, bindnet_selector_profile(asked, "corosync:3.1.7"));
    chooses(asked, "192.0.2.10");
    GIVES(OK, bindnet_selector_profile(asked, "patched"));
    chooses(asked, "192.0.2.10");
    GIVES(OK, bindnet_selector_profile(asked, "default"));
    chooses(asked, "192.0.2.10");
    bindnet_selector_free(asked);
}

static void strict(void)
{
    struct bindnet_selector *asked = selector("192.0.2.0");
    struct bindnet_snapshot *before = host;

    host = snapshot(CLOSE_HOST);
    chooses(asked, "192.0.2.10");
    GIVES(OK, bindnet_selector_strict(asked, -1));
    chooses(asked, NULL);
    GIVES(OK, bindnet_selector_strict(asked, 0));
    chooses(asked, "192.0.2.10");
    bindnet_snapshot_free(host);
    host = before;
    bindnet_selector_free(asked);
}

static void interface(void)
{
    struct bindnet_selector *asked = selector("192.0.2.0");
    struct bindnet_snapshot *before;

    GIVES(OK, bindnet_selector_interface(asked, "\xff\x01"));
    chooses(asked, NULL);
    /* A name is bytes, in which nothing is escaped: this one has a backslash. */
    GIVES(OK, bindnet_selector_interface(asked, "eth\\x30"));
    chooses(asked, NULL);
    GIVES(OK, bindnet_selector_interface(asked, "\\"));
    chooses(asked, NULL);
    GIVES(OK, bindnet_selector_interface(asked, "eth1"));
    chooses(asked, NULL);
    /* An alternative name may be longer than any name, and has to be known. */
    GIVES(OK, bindnet_selector_interface(asked, "enp0s3-long-name"));
    chooses(asked, NULL);
    before = host;
    host = snapshot(ALT_NAME_HOST);
    chooses(asked, "192.0.2.10");
    bindnet_snapshot_free(host);
    host = before;
    GIVES(OK, bindnet_selector_interface(asked, "eth0"));
    chooses(asked, "192.0.2.10");
    bindnet_selector_free(asked);
}

static void declared(void)
{
    struct bindnet_selector *asked = selector("192.0.2.0");

    GIVES(OK, bindnet_selector_floating(asked, "192.0.2.10"));
    chooses(asked, NULL);
    GIVES(OK, bindnet_selector_fixed(asked, "192.0.2.20/32"));
    chooses(asked, "192.0.2.20");
    /* What is on both lists is refused, and the lists are as before. */
    REFUSES(INVALID, bindnet_selector_fixed(asked, "192.0.2.10"), "192.0.2.10");
    REFUSES(INVALID, bindnet_selector_floating(asked, "192.0.2.20"), "192.0.2.20");
    chooses(asked, "192.0.2.20");
    GIVES(OK, bindnet_selector_floating(asked, "192.0.2.0/24"));
    chooses(asked, "192.0.2.20");
    bindnet_selector_free(asked);
}

static void without(void)
{
    struct bindnet_selector *asked = selector("192.0.2.0/24");

    GIVES(OK, bindnet_selector_floating(asked, "192.0.2.10"));
    chooses(asked, NULL);
    GIVES(OK, bindnet_selector_without_rule(asked, "label"));
    chooses(asked, "192.0.2.20");
    GIVES(OK, bindnet_selector_without_rule(asked, "label"));
    bindnet_selector_free(asked);
}

static void protocols(void)
{
    static const uint8_t numbers[] = { 18, 255 };
    static const uint8_t with_zero[] = { 18, 0 };
    struct bindnet_selector *asked = selector("192.0.2.0");

    GIVES(INVALID, bindnet_selector_floating_protocols(NULL, numbers, 2));
    REFUSES(INVALID, bindnet_selector_floating_protocols(asked, NULL, 1), "protocols is NULL");
    GIVES(INVALID, bindnet_selector_floating_protocols(asked, numbers, (size_t)-1));
    REFUSES(INVALID, bindnet_selector_floating_protocols(asked, with_zero, 2), "1 to 255");
    GIVES(OK, bindnet_selector_floating_protocols(asked, NULL, 0));
    GIVES(OK, bindnet_selector_floating_protocols(asked, numbers, 0));
    GIVES(OK, bindnet_selector_floating_protocols(asked, numbers, 2));
    chooses(asked, "192.0.2.10");
    bindnet_selector_free(asked);
}

static void previous(void)
{
    struct bindnet_selector *asked = selector("192.0.2.0");

    GIVES(OK, bindnet_selector_previous(asked, "192.0.2.20"));
    chooses(asked, "192.0.2.20");
    GIVES(OK, bindnet_selector_previous(asked, "fe80::1%eth0"));
    chooses(asked, "192.0.2.10");
    bindnet_selector_free(asked);
}

static void list_all(void)
{
    static const int all[] = { 0, 1, 0 };
    struct bindnet_selector *asked = selector("192.0.2.0");
    char json[8192];
    size_t at;

    for (at = 0; at < 3; at++) {
        struct bindnet_decision *decision;

        GIVES(OK, bindnet_selector_list_all(asked, all[at]));
        decision = decide(asked, host);
        GIVES(OK, bindnet_decision_json(decision, json, sizeof(json), NULL));
        CHECK((strstr(json, "127.0.0.1") != NULL) == all[at]);
        CHECK((strstr(json, "fe80::1") != NULL) == all[at]);
        bindnet_decision_free(decision);
    }
    bindnet_selector_free(asked);
}

int main(void)
{
    host = snapshot(HOST);
    is_made();
    setters();
    profile();
    strict();
    interface();
    declared();
    without();
    protocols();
    previous();
    list_all();
    bindnet_snapshot_free(host);
    return 0;
}
