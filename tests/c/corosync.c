/* What Corosync makes of a bindnetaddr and of a corosync.conf. */
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* The address that moves is the first one, which Corosync takes. */
#define VIP_FIRST                                                                                 \
    "[{\"ifindex\":2,\"ifname\":\"eth0\",\"flags\":[\"BROADCAST\",\"UP\",\"LOWER_UP\"],"          \
    "\"addr_info\":[{\"family\":\"inet\",\"local\":\"192.0.2.20\",\"prefixlen\":24,"              \
    "\"scope\":\"global\",\"label\":\"eth0:vip\"},"                                               \
    "{\"family\":\"inet\",\"local\":\"192.0.2.10\",\"prefixlen\":24,\"scope\":\"global\","        \
    "\"secondary\":true,\"label\":\"eth0\"}]},"                                                   \
    "{\"ifindex\":3,\"ifname\":\"eth1\",\"flags\":[\"BROADCAST\",\"UP\",\"LOWER_UP\"],"           \
    "\"addr_info\":[{\"family\":\"inet\",\"local\":\"198.51.100.10\",\"prefixlen\":24,"           \
    "\"scope\":\"global\",\"label\":\"eth1\"}]}]"

#define KNET                                                                                      \
    "totem {\n version: 2\n transport: knet\n}\n"                                                 \
    "nodelist {\n"                                                                                \
    " node {\n  name: a\n  nodeid: 1\n  ring0_addr: 192.0.2.10\n  ring3_addr: 198.51.100.10\n }\n" \
    " node {\n  name: b\n  nodeid: 2\n  ring0_addr: 192.0.2.11\n  ring3_addr: 198.51.100.11\n }\n" \
    "}\n"

/* The local node has no ring0_addr, so that bindnetaddr counts. */
#define UDP                                                                                       \
    "totem {\n version: 2\n cluster_name: c\n transport: udp\n"                                   \
    " interface {\n  bindnetaddr: 192.0.2.0\n }\n}\n"                                             \
    "nodelist {\n node {\n  name: 192.0.2.10\n  nodeid: 1\n }\n}\n"

/* The same by a name that only the hosts file knows. */
#define NAMED                                                                                     \
    "totem {\n version: 2\n}\n"                                                                   \
    "nodelist {\n node {\n  name: a\n  nodeid: 1\n  ring0_addr: alice\n }\n}\n"

/* No node is this host. */
#define ELSEWHERE                                                                                 \
    "totem {\n version: 2\n}\n"                                                                   \
    "nodelist {\n node {\n  name: b\n  nodeid: 1\n  ring0_addr: 203.0.113.1\n }\n}\n"

/* Two links, which udpu has not. */
#define TWO_LINKS                                                                                 \
    "totem {\n version: 2\n transport: udpu\n}\n"                                                 \
    "nodelist {\n node {\n  name: a\n  nodeid: 1\n  ring0_addr: 192.0.2.10\n"                     \
    "  ring1_addr: 198.51.100.10\n }\n}\n"

static const char hosts[] = "# of no domain\n192.0.2.10\talice\n192.0.2.0 network\n"
                            "::ffff:192.0.2.1 mapped\n";

static struct bindnet_snapshot *host;

static struct bindnet_conf *conf(const char *text)
{
    struct bindnet_conf *made = NULL;

    GIVES(OK, bindnet_conf_parse(text, strlen(text), &made));
    CHECK(made != NULL);
    return made;
}

static struct bindnet_plan *plan(const struct bindnet_conf *read, const char *profile)
{
    struct bindnet_selector *asked = selector("203.0.113.0"); /* which is of no account */
    struct bindnet_plan *made = NULL;

    GIVES(OK, bindnet_selector_profile(asked, profile));
    GIVES(OK, bindnet_conf_decide(read, asked, host, NULL, 0, &made));
    CHECK(made != NULL);
    bindnet_selector_free(asked);
    return made;
}

/* What is chosen, in the order of this host; 0 for nothing. */
static uint32_t choice(const struct bindnet_decision *decision)
{
    struct bindnet_address address = { .size = sizeof(address) };
    enum bindnet_result result = bindnet_decision_chosen(decision, &address);
    struct sockaddr_in v4;

    if (result == BINDNET_NONE)
        return 0;
    GIVES(OK, result);
    memcpy(&v4, &address.address, sizeof(v4));
    CHECK(v4.sin_family == AF_INET);
    return ntohl(v4.sin_addr.s_addr);
}

static uint32_t chosen(const struct bindnet_selector *asked)
{
    struct bindnet_decision *decision = decide(asked, host);
    uint32_t address = choice(decision);

    bindnet_decision_free(decision);
    return address;
}

/* Requires that this is how the text is read: to this choice. */
static void reads(const char *text, const char *names, size_t len, uint32_t expected)
{
    struct bindnet_selector *made = UNSET;

    GIVES(OK, bindnet_selector_new_corosync(text, names, len, &made));
    CHECK(made != NULL && made != UNSET);
    CHECK(chosen(made) == expected);
    bindnet_selector_free(made);
}

static void bindnetaddr(void)
{
    struct bindnet_selector *made = UNSET;
    const size_t len = sizeof(hosts) - 1;
    char *exact;

    REFUSES(INVALID, bindnet_selector_new_corosync(NULL, NULL, 0, &made), "bindnetaddr is NULL");
    REFUSES(INVALID, bindnet_selector_new_corosync("192.0.2.0", NULL, 0, NULL), "selector is NULL");
    REFUSES(INVALID, bindnet_selector_new_corosync("192.0.2.0", NULL, 1, &made), "hosts is NULL");
    GIVES(INVALID, bindnet_selector_new_corosync("192.0.2.0", hosts, (size_t)-1, &made));
    REFUSES(INVALID, bindnet_selector_new_corosync("192.0.2.\xff", NULL, 0, &made), "utf-8");
    REFUSES(INVALID, bindnet_selector_new_corosync("", hosts, len, &made), "bindnetaddr");
    REFUSES(INVALID, bindnet_selector_new_corosync("192.0.2.0/24", hosts, len, &made), "/24");
    REFUSES(INVALID, bindnet_selector_new_corosync("alice", NULL, 0, &made), "alice");
    REFUSES(INVALID, bindnet_selector_new_corosync("bob", hosts, len, &made), "bob");
    GIVES(INVALID, bindnet_selector_new_corosync("mapped", hosts, len, &made));
    CHECK(made == UNSET);
    /* By the rule of Corosync, which takes the first one. */
    reads("192.0.2.0", NULL, 0, 0xc0000214);
    reads("192.0.2", NULL, 0, 0); /* as inet_aton(3) has it: 192.0.0.2, of no network here */
    reads("0300.0.01000", NULL, 0, 0xc0000214);
    reads("192.0.2.0", hosts, 0, 0xc0000214);
    reads("network", hosts, len, 0xc0000214);
    reads("alice", hosts, len, 0xc000020a);
    /* There is no byte behind the hosts file. */
    exact = malloc(len);
    CHECK(exact != NULL);
    memcpy(exact, hosts, len);
    reads("alice", exact, len, 0xc000020a);
    free(exact);
    /* Its profile can be another one. */
    GIVES(OK, bindnet_selector_new_corosync("192.0.2.0", NULL, 0, &made));
    GIVES(OK, bindnet_selector_profile(made, "default"));
    CHECK(chosen(made) == 0xc000020a);
    bindnet_selector_free(made);
}

static void parsed(void)
{
    struct bindnet_conf *read = UNSET;
    const size_t len = sizeof(KNET) - 1;
    char *exact;

    REFUSES(INVALID, bindnet_conf_parse(NULL, 1, &read), "text is NULL");
    REFUSES(INVALID, bindnet_conf_parse(KNET, len, NULL), "conf is NULL");
    GIVES(INVALID, bindnet_conf_parse(KNET, (size_t)-1, &read));
    REFUSES(INVALID, bindnet_conf_parse("totem {\n", 8, &read), "line 1");
    REFUSES(INVALID, bindnet_conf_parse("abc: b\n}\n", 9, &read), "line 2");
    CHECK(read == UNSET);
    /* There is no byte behind the text. */
    exact = malloc(len);
    CHECK(exact != NULL);
    memcpy(exact, KNET, len);
    GIVES(OK, bindnet_conf_parse(exact, len, &read));
    free(exact);
    CHECK(read != NULL && read != UNSET);
    bindnet_conf_free(read);
    read = UNSET;
    GIVES(OK, bindnet_conf_parse(NULL, 0, &read));
    bindnet_conf_free(read);
    bindnet_conf_free(NULL);
}

/* Requires that a file gives no plan. */
static void is_refused(enum bindnet_result expected, const char *text, const char *profile,
                       const char *words)
{
    struct bindnet_selector *asked = selector("192.0.2.0");
    struct bindnet_conf *read = conf(text);
    struct bindnet_plan *made = UNSET;

    GIVES(OK, bindnet_selector_profile(asked, profile));
    gives(expected, bindnet_conf_decide(read, asked, host, hosts, sizeof(hosts) - 1, &made), text,
          __FILE__, __LINE__);
    says(words, text, __FILE__, __LINE__);
    CHECK(made == UNSET);
    bindnet_conf_free(read);
    bindnet_selector_free(asked);
}

static void decided(void)
{
    struct bindnet_selector *asked = selector("192.0.2.0");
    struct bindnet_conf *read = conf(NAMED);
    struct bindnet_plan *made = UNSET;
    const size_t len = sizeof(hosts) - 1;
    char *exact;

    REFUSES(INVALID, bindnet_conf_decide(NULL, asked, host, hosts, len, &made), "conf is NULL");
    REFUSES(INVALID, bindnet_conf_decide(read, asked, NULL, hosts, len, &made), "snapshot is NULL");
    REFUSES(INVALID, bindnet_conf_decide(read, asked, host, NULL, 1, &made), "hosts is NULL");
    GIVES(INVALID, bindnet_conf_decide(read, asked, host, hosts, (size_t)-1, &made));
    REFUSES(INVALID, bindnet_conf_decide(read, asked, host, hosts, len, NULL), "plan is NULL");
    /* The name is of this host by the hosts file alone. */
    REFUSES(AGAIN, bindnet_conf_decide(read, asked, host, NULL, 0, &made), "this host");
    CHECK(made == UNSET);
    exact = malloc(len);
    CHECK(exact != NULL);
    memcpy(exact, hosts, len);
    GIVES(OK, bindnet_conf_decide(read, asked, host, exact, len, &made));
    free(exact);
    bindnet_plan_free(made);
    GIVES(OK, bindnet_conf_decide(read, NULL, host, hosts, len, &made));
    bindnet_plan_free(made);
    bindnet_plan_free(NULL);
    bindnet_conf_free(read);
    bindnet_selector_free(asked);

    is_refused(BINDNET_AGAIN, ELSEWHERE, "default", "line 5: no node of the nodelist is this host");
    is_refused(BINDNET_AGAIN, ELSEWHERE, "corosync:2.4.6", "no link");
    is_refused(BINDNET_INVALID, ELSEWHERE, "corosync:1.4.7", "knows no nodelist");
    is_refused(BINDNET_INVALID, TWO_LINKS, "corosync:3.1.7", "can have one");
    is_refused(BINDNET_INVALID, "", "default", "line 1: there is no nodelist");
}

static enum bindnet_result corosync_0(const struct bindnet_plan *made, char *buffer, size_t size,
                                      size_t *needed)
{
    return bindnet_plan_corosync_text(made, 0, buffer, size, needed);
}

static enum bindnet_result json(const struct bindnet_plan *made, char *buffer, size_t size,
                                size_t *needed)
{
    return bindnet_plan_json(made, "/etc/corosync/corosync.conf", buffer, size, needed);
}

TEXT(corosync_0, bindnet_plan)
TEXT(json, bindnet_plan)

/* Requires that there is no link at these places, and that nothing is written then. */
static void is_the_end(const struct bindnet_plan *made, size_t count)
{
    const size_t places[] = { count, count + 1, (size_t)-1 };
    struct bindnet_decision *decision = UNSET;
    struct bindnet_selector *selector = UNSET;
    char buffer[64];
    size_t at, needed;
    uint32_t number;
    int differs;

    REFILL(number);
    REFILL(differs);
    REFILL(buffer);
    REFILL(needed);
    for (at = 0; at < 3; at++) {
        size_t place = places[at];

        REFUSES(NONE, bindnet_plan_link(made, place, &number, &decision), "there are");
        GIVES(NONE, bindnet_plan_link(made, place, NULL, &decision));
        GIVES(NONE, bindnet_plan_differs(made, place, &differs));
        GIVES(NONE, bindnet_plan_selector(made, place, &selector));
        GIVES(NONE, bindnet_plan_corosync_text(made, place, buffer, sizeof(buffer), &needed));
        GIVES(NONE, bindnet_plan_corosync_text(made, place, NULL, 0, &needed));
        /* An argument that is NULL is invalid even where there is nothing to give. */
        REFUSES(INVALID, bindnet_plan_link(made, place, &number, NULL), "decision is NULL");
        REFUSES(INVALID, bindnet_plan_differs(made, place, NULL), "differs is NULL");
        REFUSES(INVALID, bindnet_plan_corosync_text(made, place, NULL, 1, &needed), "buffer is NULL");
    }
    REFUSES(INVALID, bindnet_plan_link(NULL, 0, &number, &decision), "plan is NULL");
    REFUSES(INVALID, bindnet_plan_link(made, 0, &number, NULL), "decision is NULL");
    REFUSES(INVALID, bindnet_plan_differs(NULL, 0, &differs), "plan is NULL");
    REFUSES(INVALID, bindnet_plan_selector(NULL, 0, &selector), "plan is NULL");
    REFUSES(INVALID, bindnet_plan_selector(made, 0, NULL), "selector is NULL");
    REFUSES(INVALID, bindnet_plan_differs(made, 0, NULL), "differs is NULL");
    REFUSES(INVALID, bindnet_plan_json(NULL, "a", buffer, sizeof(buffer), &needed), "plan is NULL");
    REFUSES(INVALID, bindnet_plan_json(made, NULL, buffer, sizeof(buffer), &needed),
            "file is NULL");
    REFUSES(INVALID, bindnet_plan_json(made, "\xff", buffer, sizeof(buffer), &needed), "utf-8");
    CHECK(decision == UNSET && selector == UNSET && FILLED(number) && FILLED(differs));
    CHECK(FILLED(buffer) && FILLED(needed));
}

/* Requires of a link its number, our choice, and whether Corosync binds another address. */
static void link_is(const struct bindnet_plan *made, size_t place, uint32_t expected,
                    uint32_t address, int other)
{
    struct bindnet_decision *decision = UNSET;
    struct bindnet_selector *asked = UNSET;
    uint32_t number;
    int differs;

    REFILL(number);
    GIVES(OK, bindnet_plan_link(made, place, &number, &decision));
    CHECK(number == expected && choice(decision) == address);
    bindnet_decision_free(decision);
    GIVES(OK, bindnet_plan_link(made, place, NULL, &decision));
    GIVES(OK, bindnet_plan_differs(made, place, &differs));
    CHECK(differs == other);
    bindnet_decision_free(decision);
    /* Watched or remembered it is the same link. */
    GIVES(OK, bindnet_plan_selector(made, place, &asked));
    decision = decide(asked, host);
    CHECK(choice(decision) == address);
    bindnet_selector_free(asked);
    /* It does not need the plan. */
    bindnet_decision_free(decision);
}

static void knet(void)
{
    struct bindnet_conf *read = conf(KNET);
    struct bindnet_plan *made = plan(read, "default");
    char words[256];

    /* Nor does the plan need what it was made from. */
    bindnet_conf_free(read);
    link_is(made, 0, 0, 0xc000020a, 0);
    link_is(made, 1, 3, 0xc633640a, 0);
    is_the_end(made, 2);
    HOLDS(corosync_0, made, "192.0.2.10");
    GIVES(OK, bindnet_plan_corosync_text(made, 1, words, sizeof(words), NULL));
    CHECK(strstr(words, "198.51.100.10") != NULL);
    HOLDS(json, made, "{\"format\":\"bindnet-conf/1\",\"file\":\"/etc/corosync/corosync.conf\"");
    HOLDS(json, made, "\"transport\":\"knet\"");
    bindnet_plan_free(made);
}

static void udp(void)
{
    struct bindnet_selector *asked = selector("203.0.113.0");
    struct bindnet_conf *read = conf(UDP);
    struct bindnet_plan *made = plan(read, "corosync:3.1.7");

    link_is(made, 0, 0, 0xc000020a, 1);
    is_the_end(made, 1);
    HOLDS(corosync_0, made, "192.0.2.20");
    HOLDS(json, made, "\"differs\":true");
    HOLDS(json, made, "\"version\":\"3.1.7\"");
    bindnet_plan_free(made);

    /* What the selector knows besides its bindnetaddr counts: here that the first one stays. */
    GIVES(OK, bindnet_selector_fixed(asked, "192.0.2.20"));
    GIVES(OK, bindnet_selector_floating(asked, "192.0.2.10"));
    GIVES(OK, bindnet_conf_decide(read, asked, host, NULL, 0, &made));
    link_is(made, 0, 0, 0xc0000214, 0);
    HOLDS(json, made, "\"differs\":false");
    bindnet_plan_free(made);
    GIVES(OK, bindnet_selector_floating(asked, "192.0.2.0/24"));
    GIVES(OK, bindnet_selector_interface(asked, "eth1"));
    GIVES(OK, bindnet_conf_decide(read, asked, host, NULL, 0, &made));
    link_is(made, 0, 0, 0, 1);
    bindnet_plan_free(made);
    bindnet_conf_free(read);
    bindnet_selector_free(asked);
}

int main(void)
{
    host = snapshot(VIP_FIRST);
    bindnetaddr();
    parsed();
    decided();
    knet();
    udp();
    bindnet_snapshot_free(host);
    return 0;
}
