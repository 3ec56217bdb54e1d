/* Picks the address to bind: a snapshot as JSON on standard input, the remembered address, if there
 * is one, as an argument; the address on standard output, or nothing where there is none. */
#include <bindnet.h>
#include <stdio.h>
#include <stdlib.h>

static void require(enum bindnet_result result)
{
    char words[1024] = "an error whose message is too long";

    if (result == BINDNET_OK)
        return;
    bindnet_error(words, sizeof(words), NULL);
    fprintf(stderr, "picker: %s\n", words);
    exit(2);
}

int main(int argc, char **argv)
{
    static char json[1 << 22];
    size_t len = fread(json, 1, sizeof(json), stdin);
    struct bindnet_selector *selector;
    struct bindnet_snapshot *host;
    struct bindnet_decision *decision;
    struct bindnet_address address;
    enum bindnet_result result;
    char text[128];

    require(bindnet_selector_new("203.0.113.0/24", &selector));
    require(bindnet_selector_floating(selector, "203.0.113.20"));
    if (argc == 2)
        require(bindnet_selector_previous(selector, argv[1]));
    require(bindnet_snapshot_parse(json, len, &host));
    require(bindnet_selector_decide(selector, host, &decision));
    address.size = sizeof(address);
    result = bindnet_decision_chosen(decision, &address);
    if (result != BINDNET_NONE) {
        require(result);
        require(bindnet_address_text(&address, text, sizeof(text), NULL));
        puts(text);
    }
    bindnet_decision_free(decision);
    bindnet_snapshot_free(host);
    bindnet_selector_free(selector);
    return 0;
}
