/* Which address would be bound for a bindnetaddr, and why. */
#include <bindnet.h>
#include <stdio.h>
#include <stdlib.h>

static void require(enum bindnet_result result)
{
    char words[1024] = "an error whose message is too long";

    if (result == BINDNET_OK)
        return;
    bindnet_error(words, sizeof(words), NULL);
    fprintf(stderr, "preview: %s\n", words);
    exit(result == BINDNET_INVALID ? 2 : 3);
}

int main(int argc, char **argv)
{
    struct bindnet_selector *selector;
    struct bindnet_snapshot *host;
    struct bindnet_decision *decision;
    static char report[1 << 20]; /* a line for each candidate */
    int outcome;

    require(bindnet_selector_new(argc == 2 ? argv[1] : "", &selector));
    require(bindnet_snapshot_capture(BINDNET_SOURCE_NETLINK, &host));
    require(bindnet_selector_decide(selector, host, &decision));
    require(bindnet_decision_report(decision, report, sizeof(report), NULL));
    require(bindnet_decision_outcome(decision, &outcome));
    fputs(report, outcome == BINDNET_OUTCOME_CHOSEN ? stdout : stderr);
    bindnet_decision_free(decision);
    bindnet_snapshot_free(host);
    bindnet_selector_free(selector);
    return outcome == BINDNET_OUTCOME_CHOSEN ? 0 : 1;
}
