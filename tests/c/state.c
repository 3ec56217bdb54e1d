/* The remembered choice in a file of the folder that the argument names. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

TEXT(bindnet_decision_report, bindnet_decision)
TEXT(bindnet_decision_json, bindnet_decision)

static char path[4096], damaged[4096], folder_missing[4096], locked[4096];

static void put(const char *file, const char *text)
{
    FILE *to = fopen(file, "w");

    CHECK(to != NULL && fputs(text, to) >= 0 && fclose(to) == 0);
}

/* A choice that is not certain is written as a guess, and each reader warns until it is settled. */
static void guess(void)
{
    struct bindnet_selector *asked = selector("192.0.2.0"), *absent = selector("192.0.2.0");
    struct bindnet_snapshot *host = snapshot(CLOSE_HOST);
    struct bindnet_decision *chosen = decide(asked, host), *missing;
    int flag;

    /* What the cluster knows is absent, and may come. */
    unlink(path);
    GIVES(OK, bindnet_selector_previous(absent, "192.0.2.99"));
    missing = decide(absent, host);
    GIVES(OK, bindnet_state_remember(path, missing, &flag));
    CHECK(flag == 0);
    GIVES(OK, bindnet_state_replace(path, missing, &flag));
    CHECK(flag == 0 && access(path, F_OK) != 0);
    bindnet_decision_free(missing);

    GIVES(OK, bindnet_state_remember(path, chosen, &flag));
    CHECK(flag == 1);
    bindnet_decision_free(chosen);
    GIVES(OK, bindnet_state_read(path, asked, &flag));
    CHECK(flag == 1);
    chosen = decide(asked, host);
    HOLDS(bindnet_decision_report, chosen, "192.0.2.10, was a guess");
    HOLDS(bindnet_decision_json, chosen, "192.0.2.10, was a guess");
    GIVES(OK, bindnet_state_remember(path, chosen, &flag));
    CHECK(flag == 0);
    bindnet_decision_free(chosen);

    GIVES(OK, bindnet_selector_fixed(asked, "192.0.2.10"));
    chosen = decide(asked, host);
    GIVES(OK, bindnet_state_remember(path, chosen, &flag));
    CHECK(flag == 1);
    GIVES(OK, bindnet_state_remember(path, chosen, &flag));
    CHECK(flag == 0);
    bindnet_decision_free(chosen);
    bindnet_selector_free(asked);
    bindnet_selector_free(absent);
    bindnet_snapshot_free(host);
}

int main(int argc, char **argv)
{
    typedef enum bindnet_result (*writer)(const char *, const struct bindnet_decision *, int *);
    static const writer writers[] = { bindnet_state_remember, bindnet_state_replace };
    struct bindnet_selector *asked = selector("192.0.2.0"), *elsewhere = selector("198.51.100.0");
    struct bindnet_selector *network = selector("192.0.2.0/24");
    struct bindnet_snapshot *host = snapshot(HOST);
    struct bindnet_decision *chosen = decide(asked, host), *none = decide(elsewhere, host), *moved,
                            *overlapped;
    struct bindnet_address address = { .size = sizeof(address) };
    int flag, at, lock;

    CHECK(argc == 2);
    sprintf(path, "%.4000s/choices", argv[1]);
    sprintf(damaged, "%.4000s/damaged", argv[1]);
    sprintf(folder_missing, "%.4000s/missing/choices", argv[1]);
    sprintf(locked, "%.4000s/.choices.lock", argv[1]);
    unlink(path);
    put(damaged, "bindnet-state/1\nbindnetaddr 192.0.2.0 addr");

    REFILL(flag);
    REFUSES(INVALID, bindnet_state_read(NULL, asked, &flag), "path is NULL");
    REFUSES(INVALID, bindnet_state_read(path, NULL, &flag), "selector is NULL");
    REFUSES(STATE, bindnet_state_read(damaged, asked, &flag), "damaged");
    REFUSES(STATE, bindnet_state_read(argv[1], asked, &flag), "not a regular file");
    REFUSES(STATE, bindnet_state_read("", asked, &flag), "no file name");
    CHECK(FILLED(flag));
    for (at = 0; at < 2; at++) {
        REFUSES(INVALID, writers[at](NULL, chosen, &flag), "path is NULL");
        REFUSES(INVALID, writers[at](path, NULL, &flag), "decision is NULL");
        GIVES(SYSTEM, writers[at](folder_missing, chosen, &flag));
        REFUSES(STATE, writers[at]("", chosen, &flag), "no file name");
        REFUSES(STATE, writers[at](damaged, chosen, &flag), "damaged");
        CHECK(FILLED(flag));
    }
    CHECK(access(path, F_OK) != 0);

    /* Another writer, who does not come to an end; whoever reads does not wait. */
    lock = open(locked, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(lock >= 0 && flock(lock, LOCK_EX) == 0);
    for (at = 0; at < 2; at++) {
        REFUSES(AGAIN, writers[at](path, chosen, &flag), "lock");
        CHECK(FILLED(flag) && access(path, F_OK) != 0);
    }
    GIVES(OK, bindnet_state_read(path, asked, &flag));
    CHECK(flag == 0);
    close(lock);

    GIVES(OK, bindnet_state_read(path, asked, &flag));
    CHECK(flag == 0);
    GIVES(OK, bindnet_state_read(path, asked, NULL));
    GIVES(OK, bindnet_state_remember(path, none, &flag));
    CHECK(flag == 0 && access(path, F_OK) != 0);
    GIVES(OK, bindnet_state_replace(path, none, &flag));
    CHECK(flag == 0);
    GIVES(OK, bindnet_state_remember(path, chosen, &flag));
    CHECK(flag == 1 && access(path, F_OK) == 0);
    GIVES(OK, bindnet_state_remember(path, chosen, &flag));
    CHECK(flag == 0);
    GIVES(OK, bindnet_state_remember(path, chosen, NULL));
    GIVES(OK, bindnet_state_read(path, elsewhere, &flag));
    CHECK(flag == 0);
    /* The entry of a bindnetaddr that overlaps another is not used, and not in silence. */
    GIVES(OK, bindnet_state_read(path, network, &flag));
    CHECK(flag == 0);
    overlapped = decide(network, host);
    HOLDS(bindnet_decision_report, overlapped, "nothing is remembered for 192.0.2.0/24");
    HOLDS(bindnet_decision_json, overlapped, "remembered for 192.0.2.0, was not used");
    bindnet_decision_free(overlapped);

    /* Another address is remembered only where it replaces the first. */
    GIVES(OK, bindnet_selector_previous(asked, "192.0.2.20"));
    moved = decide(asked, host);
    GIVES(OK, bindnet_state_remember(path, moved, &flag));
    CHECK(flag == 0);
    GIVES(OK, bindnet_state_read(path, asked, &flag));
    CHECK(flag == 1);
    bindnet_decision_free(chosen);
    chosen = decide(asked, host);
    GIVES(OK, bindnet_decision_chosen(chosen, &address));
    CHECK(strcmp(address.label, "eth0") == 0 && (address.reasons & BINDNET_REASON_PREVIOUS));
    GIVES(OK, bindnet_state_replace(path, moved, &flag));
    CHECK(flag == 1);
    GIVES(OK, bindnet_state_replace(path, moved, NULL));
    GIVES(OK, bindnet_state_read(path, asked, &flag));
    CHECK(flag == 1);
    bindnet_decision_free(chosen);
    chosen = decide(asked, host);
    GIVES(OK, bindnet_decision_chosen(chosen, &address));
    CHECK(strcmp(address.label, "eth0:vip") == 0);

    guess();

    bindnet_decision_free(moved);
    bindnet_decision_free(chosen);
    bindnet_decision_free(none);
    bindnet_snapshot_free(host);
    bindnet_selector_free(asked);
    bindnet_selector_free(elsewhere);
    bindnet_selector_free(network);
    return 0;
}
