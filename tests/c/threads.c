/* What a call has said is for its thread; and threads may call as long as they live. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>

static pthread_key_t key;
static struct bindnet_snapshot *host;
static struct bindnet_selector *asked;
static int ended;

/* At the end of a thread: what it had to say is gone, but nothing breaks. */
static void last_words(void *value)
{
    struct bindnet_selector *made = UNSET;
    char words[256] = "";
    size_t needed;

    (void)value;
    CHECK(bindnet_selector_new("", &made) == BINDNET_INVALID);
    CHECK(bindnet_selector_new(NULL, &made) == BINDNET_INVALID && made == UNSET);
    CHECK(bindnet_error(words, sizeof(words), &needed) == BINDNET_OK);
    CHECK(strlen(words) + 1 == needed);
    GIVES(OK, bindnet_selector_new("192.0.2.0", &made));
    bindnet_decision_free(decide(made, host));
    bindnet_selector_free(made);
    ended = 1;
}

static void *other(void *value)
{
    struct bindnet_selector *made = UNSET;
    char words[256] = "x";

    CHECK(pthread_setspecific(key, &key) == 0);
    CHECK(bindnet_error(words, sizeof(words), NULL) == BINDNET_OK && words[0] == '\0');
    REFUSES(INVALID, bindnet_selector_new("192.0.2.0", NULL), "selector is NULL");
    REFUSES(INVALID, bindnet_selector_new("eth7", &made), "eth7");
    return value;
}

/* What is only read may be read by several at once. */
static void *reader(void *value)
{
    int round;

    for (round = 0; round < 50; round++)
        bindnet_decision_free(decide(asked, host));
    return value;
}

int main(void)
{
    pthread_t threads[4];
    int at;

    host = snapshot(HOST);
    asked = selector("192.0.2.0");
    CHECK(pthread_key_create(&key, last_words) == 0);
    GIVES(INVALID, bindnet_selector_new(NULL, NULL));
    CHECK(pthread_create(&threads[0], NULL, other, NULL) == 0);
    CHECK(pthread_join(threads[0], NULL) == 0);
    CHECK(ended);
    says("bindnetaddr is NULL", "the first thread", __FILE__, __LINE__);
    for (at = 0; at < 4; at++)
        CHECK(pthread_create(&threads[at], NULL, reader, NULL) == 0);
    for (at = 0; at < 4; at++)
        CHECK(pthread_join(threads[at], NULL) == 0);
    bindnet_selector_free(asked);
    bindnet_snapshot_free(host);
    return 0;
}
