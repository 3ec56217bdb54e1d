/* Snapshots, decisions and addresses: what is in them, and what is refused. */
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>

TEXT(bindnet_address_text, bindnet_address)
TEXT(bindnet_snapshot_json, bindnet_snapshot)
TEXT(bindnet_decision_text, bindnet_decision)
TEXT(bindnet_decision_report, bindnet_decision)
TEXT(bindnet_decision_json, bindnet_decision)

static void version(void)
{
    char expected[64];

    sprintf(expected, "%d.%d.%d", BINDNET_VERSION_MAJOR, BINDNET_VERSION_MINOR,
            BINDNET_VERSION_PATCH);
    CHECK(strcmp(bindnet_version(), expected) == 0);
}

/* What a call has said stays until another one fails. */
static void error(void)
{
    struct bindnet_selector *made = UNSET;
    char *exact, *small, words[256];
    size_t needed, again;

    words[0] = 'x';
    REFILL(needed);
    CHECK(bindnet_error(words, sizeof(words), &needed) == BINDNET_OK);
    CHECK(needed == 1 && words[0] == '\0');
    CHECK(bindnet_selector_new(NULL, &made) == BINDNET_INVALID);
    REFILL(needed);
    CHECK(bindnet_error(NULL, 1, &needed) == BINDNET_INVALID && FILLED(needed));
    CHECK(bindnet_error(NULL, 0, &needed) == BINDNET_SPACE);
    CHECK(bindnet_error(NULL, 0, NULL) == BINDNET_SPACE);
    CHECK(needed == sizeof("bindnetaddr is NULL"));
    exact = malloc(needed);
    small = malloc(needed - 1);
    CHECK(exact != NULL && small != NULL);
    memset(small, FILL, needed - 1);
    CHECK(bindnet_error(small, needed - 1, &again) == BINDNET_SPACE);
    CHECK(again == needed && is_filled(small, needed - 1));
    bindnet_selector_free(selector("192.0.2.0"));
    CHECK(bindnet_error(exact, needed, NULL) == BINDNET_OK);
    CHECK(strcmp(exact, "bindnetaddr is NULL") == 0);
    free(small);
    free(exact);
}

static void parsed(void)
{
    struct bindnet_snapshot *host = UNSET, *again = UNSET;
    char *json, *json_again, *exact;

    REFUSES(INVALID, bindnet_snapshot_parse(NULL, 1, &host), "json is NULL");
    REFUSES(INVALID, bindnet_snapshot_parse(HOST, sizeof(HOST) - 1, NULL), "snapshot is NULL");
    GIVES(INVALID, bindnet_snapshot_parse(HOST, (size_t)-1, &host));
    GIVES(INVALID, bindnet_snapshot_parse(NULL, 0, &host));
    GIVES(INVALID, bindnet_snapshot_parse("", 0, &host));
    GIVES(INVALID, bindnet_snapshot_parse("{", 1, &host));
    GIVES(INVALID, bindnet_snapshot_parse("\"\xff\"", 3, &host));
    GIVES(INVALID, bindnet_snapshot_parse(HOST, sizeof(HOST), &host)); /* with its NUL */
    GIVES(INVALID, bindnet_snapshot_parse(HOST, sizeof(HOST) - 2, &host));
    CHECK(host == UNSET);
    /* There is no byte behind the text. */
    exact = malloc(sizeof(HOST) - 1);
    CHECK(exact != NULL);
    memcpy(exact, HOST, sizeof(HOST) - 1);
    GIVES(OK, bindnet_snapshot_parse(exact, sizeof(HOST) - 1, &host));
    free(exact);
    json = bindnet_snapshot_json_holds(host);
    GIVES(OK, bindnet_snapshot_parse(json, strlen(json), &again));
    json_again = bindnet_snapshot_json_holds(again);
    CHECK(strcmp(json, json_again) == 0);
    free(json);
    free(json_again);
    bindnet_snapshot_free(again);
    bindnet_snapshot_free(host);
    bindnet_snapshot_free(NULL);
}

static void decided(void)
{
    struct bindnet_decision *decision = UNSET;
    struct bindnet_selector *asked = selector("192.0.2.0");
    struct bindnet_snapshot *host = snapshot(HOST);

    REFUSES(INVALID, bindnet_selector_decide(NULL, host, &decision), "selector is NULL");
    REFUSES(INVALID, bindnet_selector_decide(asked, NULL, &decision), "snapshot is NULL");
    REFUSES(INVALID, bindnet_selector_decide(asked, host, NULL), "decision is NULL");
    CHECK(decision == UNSET);
    GIVES(OK, bindnet_selector_decide(asked, host, &decision));
    /* It does not need what it was made from. */
    bindnet_selector_free(asked);
    bindnet_snapshot_free(host);
    HOLDS(bindnet_decision_text, decision, "192.0.2.10");
    HOLDS(bindnet_decision_report, decision, "\n");
    HOLDS(bindnet_decision_json, decision, "\"format\":\"bindnet-decision/1\"");
    HOLDS(bindnet_decision_json, decision, "192.0.2.10");
    bindnet_decision_free(decision);
    bindnet_decision_free(NULL);
}

static void ended(const char *bindnetaddr, const char *json, int strict, int outcome, int ambiguous)
{
    struct bindnet_selector *asked = selector(bindnetaddr);
    struct bindnet_snapshot *host = snapshot(json);
    struct bindnet_address address;
    struct bindnet_decision *decision;
    int number;

    GIVES(OK, bindnet_selector_strict(asked, strict));
    decision = decide(asked, host);
    REFILL(number);
    REFUSES(INVALID, bindnet_decision_outcome(NULL, &number), "decision is NULL");
    REFUSES(INVALID, bindnet_decision_outcome(decision, NULL), "outcome is NULL");
    REFUSES(INVALID, bindnet_decision_ambiguous(NULL, &number), "decision is NULL");
    REFUSES(INVALID, bindnet_decision_ambiguous(decision, NULL), "ambiguous is NULL");
    CHECK(FILLED(number));
    GIVES(OK, bindnet_decision_outcome(decision, &number));
    CHECK(number == outcome);
    GIVES(OK, bindnet_decision_ambiguous(decision, &number));
    CHECK(number == ambiguous);
    /* An argument that is NULL is invalid even where there is nothing to give. */
    REFUSES(INVALID, bindnet_decision_chosen(decision, NULL), "address is NULL");
    REFUSES(INVALID, bindnet_decision_candidate(decision, 99, NULL), "address is NULL");
    REFUSES(INVALID, bindnet_decision_candidate(decision, 0, NULL), "address is NULL");
    REFILL(address);
    address.size = 7;
    REFUSES(INVALID, bindnet_decision_chosen(decision, &address), "address->size is 7");
    REFUSES(INVALID, bindnet_decision_candidate(decision, 99, &address), "address->size is 7");
    address.size = sizeof(address);
    REFUSES(NONE, bindnet_decision_candidate(decision, 99, &address), "99");
    REFUSES(NONE, bindnet_decision_candidate(decision, (size_t)-1, &address), "there are");
    if (outcome != BINDNET_OUTCOME_CHOSEN)
        GIVES(NONE, bindnet_decision_chosen(decision, &address));
    CHECK(address.size == sizeof(address));
    CHECK(is_filled((char *)&address + sizeof(size_t), sizeof(address) - sizeof(size_t)));
    bindnet_decision_free(decision);
    bindnet_snapshot_free(host);
    bindnet_selector_free(asked);
}

static void addresses(void)
{
    struct {
        struct bindnet_address known;
        char unknown[32];
    } later;
    size_t at;
    struct bindnet_selector *asked = selector("192.0.2.0");
    struct bindnet_snapshot *host = snapshot(HOST);
    struct bindnet_address *exact = malloc(sizeof(*exact));
    struct bindnet_decision *decision;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    char text[64];

    REFILL(text);
    CHECK(exact != NULL);
    decision = decide(asked, host);
    REFILL(*exact);
    exact->size = sizeof(*exact) - 1;
    REFUSES(INVALID, bindnet_decision_chosen(NULL, exact), "decision is NULL");
    REFUSES(INVALID, bindnet_decision_chosen(decision, exact), "sizeof(struct bindnet_address)");
    REFUSES(INVALID, bindnet_decision_candidate(NULL, 0, exact), "decision is NULL");
    GIVES(INVALID, bindnet_decision_candidate(decision, 0, exact));
    exact->size = 0;
    GIVES(INVALID, bindnet_decision_chosen(decision, exact));
    CHECK(is_filled((char *)exact + sizeof(size_t), sizeof(*exact) - sizeof(size_t)));

    exact->size = sizeof(*exact);
    GIVES(OK, bindnet_decision_chosen(decision, exact));
    CHECK(exact->size == sizeof(*exact) && exact->address_len == sizeof(v4));
    memcpy(&v4, &exact->address, sizeof(v4));
    CHECK(v4.sin_family == AF_INET && v4.sin_port == 0);
    CHECK(ntohl(v4.sin_addr.s_addr) == 0xc000020a);
    CHECK(exact->prefix_len == 24 && exact->interface_index == 2 && exact->link_up == 1);
    CHECK(exact->verdict == BINDNET_VERDICT_CHOSEN && exact->reasons == 0);
    CHECK(strcmp(exact->interface_name, "eth0") == 0 && strcmp(exact->label, "eth0") == 0);
    HOLDS(bindnet_address_text, exact, "192.0.2.10");

    /* A caller of a later version has more members, of which this one knows nothing. */
    REFILL(later);
    later.known.size = sizeof(later);
    GIVES(OK, bindnet_decision_candidate(decision, 1, &later.known));
    CHECK(later.known.size == sizeof(later));
    for (at = 0; at < sizeof(later.unknown); at++)
        CHECK(((unsigned char *)&later.unknown)[at] == 0);
    CHECK(later.known.verdict == BINDNET_VERDICT_FLOATING);
    CHECK(later.known.reasons == (BINDNET_REASON_LABEL | BINDNET_REASON_SECONDARY));
    CHECK(strcmp(later.known.label, "eth0:vip") == 0);

    bindnet_decision_free(decision);
    bindnet_selector_free(asked);
    asked = selector("fe80::%eth0");
    decision = decide(asked, host);
    GIVES(OK, bindnet_decision_candidate(decision, 0, exact));
    memcpy(&v6, &exact->address, sizeof(v6));
    CHECK(exact->address_len == sizeof(v6) && v6.sin6_family == AF_INET6 && v6.sin6_port == 0);
    CHECK(v6.sin6_scope_id == 2 && v6.sin6_addr.s6_addr[0] == 0xfe);
    CHECK(v6.sin6_addr.s6_addr[15] == 1);
    HOLDS(bindnet_address_text, exact, "fe80::1%eth0");
    memset(exact->interface_name, 0, sizeof(exact->interface_name));
    HOLDS(bindnet_address_text, exact, "fe80::1%2");
    memset(exact->interface_name, 'x', sizeof(exact->interface_name));
    GIVES(INVALID, bindnet_address_text(exact, text, sizeof(text), NULL));
    exact->address.ss_family = AF_UNSPEC;
    REFUSES(INVALID, bindnet_address_text(exact, text, sizeof(text), NULL), "neither AF_INET");
    exact->size = 7;
    REFUSES(INVALID, bindnet_address_text(exact, text, sizeof(text), NULL), "size is 7");
    CHECK(FILLED(text));
    CHECK(exact->prefix_len == 64 && exact->label[0] == '\0');
    CHECK(exact->verdict == BINDNET_VERDICT_CHOSEN);
    free(exact);
    bindnet_decision_free(decision);
    bindnet_snapshot_free(host);
    bindnet_selector_free(asked);
}

int main(void)
{
    error();
    version();
    parsed();
    decided();
    ended("192.0.2.0", HOST, 0, BINDNET_OUTCOME_CHOSEN, 0);
    ended("192.0.2.0", CLOSE_HOST, 0, BINDNET_OUTCOME_CHOSEN, 1);
    ended("192.0.2.0", CLOSE_HOST, 1, BINDNET_OUTCOME_AMBIGUOUS, 1);
    ended("198.51.100.0", HOST, 0, BINDNET_OUTCOME_NONE, 0);
    addresses();
    return 0;
}
