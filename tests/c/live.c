/* This host, of which nothing is required but a loopback link that is up. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

TEXT(bindnet_event_text, bindnet_event)
TEXT(bindnet_event_json, bindnet_event)
TEXT(bindnet_event_address, bindnet_event)
TEXT(bindnet_conflict_text, bindnet_conflict)
TEXT(bindnet_conflict_reason, bindnet_conflict)
TEXT(bindnet_conflict_json, bindnet_conflict)
TEXT(bindnet_decision_report, bindnet_decision)
TEXT(bindnet_decision_json, bindnet_decision)

static int is_readable(int fd)
{
    struct pollfd waited;

    waited.fd = fd;
    waited.events = POLLIN;
    waited.revents = 0;
    return poll(&waited, 1, 60000) == 1 && (waited.revents & POLLIN);
}

/* The fds that are open; those that a checker has for itself are not among them. */
enum { FDS = 256 };

struct fds {
    char is_open[FDS];
};

static struct fds open_fds(void)
{
    struct fds fds;
    int fd;

    for (fd = 0; fd < FDS; fd++)
        fds.is_open[fd] = fcntl(fd, F_GETFD) >= 0;
    return fds;
}

/* Requires that what was opened since then is close-on-exec. */
static void are_close_on_exec(struct fds before)
{
    int fd, count = 0;

    for (fd = 0; fd < FDS; fd++) {
        int flags = fcntl(fd, F_GETFD);

        if (before.is_open[fd] || flags < 0)
            continue;
        CHECK(flags & FD_CLOEXEC);
        count++;
    }
    CHECK(count > 0);
}

/* Requires that what was opened since then is closed. */
static void are_closed(struct fds before)
{
    struct fds now = open_fds();

    CHECK(memcmp(&before, &now, sizeof(now)) == 0);
}

static void snapshots(struct bindnet_selector *asked)
{
    static const int sources[] = { BINDNET_SOURCE_NETLINK, BINDNET_SOURCE_GETIFADDRS };
    struct bindnet_address address = { .size = sizeof(address) };
    struct bindnet_snapshot *host = UNSET;
    struct bindnet_decision *decision;
    size_t at;

    REFUSES(INVALID, bindnet_snapshot_capture(BINDNET_SOURCE_NETLINK, NULL), "snapshot is NULL");
    REFUSES(INVALID, bindnet_snapshot_capture(-1, &host), "source -1");
    REFUSES(INVALID, bindnet_snapshot_capture(2, &host), "source 2");
    CHECK(host == UNSET);
    for (at = 0; at < 2; at++) {
        GIVES(OK, bindnet_snapshot_capture(sources[at], &host));
        decision = decide(asked, host);
        GIVES(OK, bindnet_decision_chosen(decision, &address));
        CHECK(strcmp(address.interface_name, "lo") == 0 && address.link_up == 1);
        CHECK(address.reasons & BINDNET_REASON_LOOPBACK);
        bindnet_decision_free(decision);
        bindnet_snapshot_free(host);
        host = UNSET;
    }
}

static void capturer(struct bindnet_selector *asked)
{
    struct bindnet_address address = { .size = sizeof(address) };
    struct bindnet_capturer *made = UNSET;
    struct bindnet_decision *decision = UNSET;
    struct fds before = open_fds();
    int round;

    REFUSES(INVALID, bindnet_capturer_new(NULL), "capturer is NULL");
    GIVES(OK, bindnet_capturer_new(&made));
    are_close_on_exec(before);
    REFUSES(INVALID, bindnet_capturer_timeout(NULL, 1), "capturer is NULL");
    REFUSES(INVALID, bindnet_capturer_timeout(made, -1), "milliseconds -1");
    GIVES(INVALID, bindnet_capturer_timeout(made, INT_MIN));
    REFUSES(INVALID, bindnet_capturer_decide(NULL, asked, &decision), "capturer is NULL");
    REFUSES(INVALID, bindnet_capturer_decide(made, NULL, &decision), "selector is NULL");
    REFUSES(INVALID, bindnet_capturer_decide(made, asked, NULL), "decision is NULL");
    CHECK(decision == UNSET);
    for (round = 0; round < 3; round++) {
        GIVES(OK, bindnet_capturer_decide(made, asked, &decision));
        GIVES(OK, bindnet_decision_chosen(decision, &address));
        CHECK(strcmp(address.interface_name, "lo") == 0);
        bindnet_decision_free(decision);
    }
    bindnet_capturer_free(made);
    are_closed(before);
    bindnet_capturer_free(NULL);
}

/* The kernel has no time to answer; with more of it the same capturer decides. */
static void no_time(struct bindnet_selector *asked)
{
    struct bindnet_capturer *made;
    struct bindnet_decision *decision = UNSET;
    int round;

    /* More addresses than an answer has room for: it takes several. */
    CHECK(system("i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); "
                 "echo addr add 127.1.$((i / 250)).$((i % 250))/32 dev lo; done | ip -batch -")
          == 0);
    GIVES(OK, bindnet_capturer_new(&made));
    for (round = 0; round < 2; round++) {
        GIVES(OK, bindnet_capturer_timeout(made, 0));
        REFUSES(AGAIN, bindnet_capturer_decide(made, asked, &decision), "within 0 ms");
        CHECK(decision == UNSET);
        GIVES(OK, bindnet_capturer_timeout(made, INT_MAX));
        GIVES(OK, bindnet_capturer_decide(made, asked, &decision));
        bindnet_decision_free(decision);
        decision = UNSET;
    }
    bindnet_capturer_free(made);
}

static void event(struct bindnet_event *happened)
{
    char buffer[64];
    size_t needed;
    int kind;

    REFILL(kind);
    REFUSES(INVALID, bindnet_event_kind(NULL, &kind), "event is NULL");
    REFUSES(INVALID, bindnet_event_kind(happened, NULL), "kind is NULL");
    CHECK(FILLED(kind));
    GIVES(OK, bindnet_event_kind(happened, &kind));
    CHECK(kind == BINDNET_EVENT_INITIAL);
    HOLDS(bindnet_event_text, happened, "127.0.0.1");
    HOLDS(bindnet_event_json, happened, "\"format\":\"bindnet-watch/1\"");
    HOLDS(bindnet_event_address, happened, "127.0.0.1");
    /* None was remembered. */
    REFILL(buffer);
    REFILL(needed);
    REFUSES(INVALID, bindnet_event_previous(NULL, buffer, sizeof(buffer), &needed),
            "event is NULL");
    REFUSES(INVALID, bindnet_event_previous(happened, NULL, 1, &needed), "buffer is NULL");
    GIVES(NONE, bindnet_event_previous(happened, buffer, sizeof(buffer), &needed));
    GIVES(NONE, bindnet_event_previous(happened, NULL, 0, NULL));
    CHECK(FILLED(buffer) && FILLED(needed));
    bindnet_event_free(happened);
    bindnet_event_free(NULL);
}

static void monitor(void)
{
    struct bindnet_address address;
    struct bindnet_selector *asked = selector("127.0.0.1");
    struct bindnet_monitor *made = UNSET;
    struct bindnet_event *happened = UNSET;
    struct bindnet_decision *decision = UNSET;
    struct fds before = open_fds();
    int fd;
    uint64_t overruns;
    pid_t child;

    REFUSES(INVALID, bindnet_monitor_new(NULL, 0, &made), "selector is NULL");
    REFUSES(INVALID, bindnet_monitor_new(asked, 0, NULL), "monitor is NULL");
    CHECK(made == UNSET);
    GIVES(OK, bindnet_monitor_new(asked, 1, &made));
    bindnet_selector_free(asked);
    are_close_on_exec(before);

    REFILL(fd);
    REFUSES(INVALID, bindnet_monitor_fd(NULL, &fd), "monitor is NULL");
    REFUSES(INVALID, bindnet_monitor_fd(made, NULL), "fd is NULL");
    CHECK(FILLED(fd));
    GIVES(OK, bindnet_monitor_fd(made, &fd));
    CHECK(fd >= 0 && !before.is_open[fd]);
    REFILL(overruns);
    REFUSES(INVALID, bindnet_monitor_overruns(NULL, &overruns), "monitor is NULL");
    REFUSES(INVALID, bindnet_monitor_overruns(made, NULL), "overruns is NULL");
    CHECK(FILLED(overruns));
    GIVES(OK, bindnet_monitor_overruns(made, &overruns));
    CHECK(overruns == 0);

    /* Nothing is chosen before it begins. */
    REFILL(address);
    address.size = sizeof(address);
    REFUSES(INVALID, bindnet_monitor_dispatch(NULL), "monitor is NULL");
    REFUSES(INVALID, bindnet_monitor_next_event(NULL, &happened), "monitor is NULL");
    REFUSES(INVALID, bindnet_monitor_next_event(made, NULL), "event is NULL");
    GIVES(NONE, bindnet_monitor_next_event(made, &happened));
    REFUSES(INVALID, bindnet_monitor_choice(NULL, &address), "monitor is NULL");
    REFUSES(INVALID, bindnet_monitor_choice(made, NULL), "address is NULL");
    GIVES(NONE, bindnet_monitor_choice(made, &address));
    REFUSES(INVALID, bindnet_monitor_decision(NULL, &decision), "monitor is NULL");
    REFUSES(INVALID, bindnet_monitor_decision(made, NULL), "decision is NULL");
    GIVES(NONE, bindnet_monitor_decision(made, &decision));
    REFUSES(INVALID, bindnet_monitor_decision_of_choice(NULL, &decision), "monitor is NULL");
    REFUSES(INVALID, bindnet_monitor_decision_of_choice(made, NULL), "decision is NULL");
    GIVES(NONE, bindnet_monitor_decision_of_choice(made, &decision));
    REFUSES(INVALID, bindnet_monitor_wait(NULL, 0), "monitor is NULL");
    REFUSES(INVALID, bindnet_monitor_wait(made, -1), "milliseconds -1");
    GIVES(NONE, bindnet_monitor_next_event(made, &happened));
    CHECK(happened == UNSET && decision == UNSET && address.size == sizeof(address));
    CHECK(is_filled((char *)&address + sizeof(size_t), sizeof(address) - sizeof(size_t)));

    /* It begins by itself where the choice is settled. */
    GIVES(OK, bindnet_monitor_dispatch(made));
    GIVES(OK, bindnet_monitor_next_event(made, &happened));
    event(happened);
    happened = UNSET;
    GIVES(NONE, bindnet_monitor_next_event(made, &happened));
    /* There is no news the second time. */
    GIVES(OK, bindnet_monitor_wait(made, 0));
    GIVES(NONE, bindnet_monitor_next_event(made, &happened));
    CHECK(happened == UNSET);
    address.size = 1;
    GIVES(INVALID, bindnet_monitor_choice(made, &address));
    address.size = sizeof(address);
    GIVES(OK, bindnet_monitor_choice(made, &address));
    CHECK(strcmp(address.interface_name, "lo") == 0);
    GIVES(OK, bindnet_monitor_decision(made, &decision));
    bindnet_decision_free(decision);
    GIVES(OK, bindnet_monitor_decision_of_choice(made, &decision));

    /* A child may free what it inherits, and the parent goes on. */
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        bindnet_monitor_free(made);
        bindnet_decision_free(decision);
        _exit(0);
    }
    CHECK(waitpid(child, &fd, 0) == child && fd == 0);
    GIVES(OK, bindnet_monitor_dispatch(made));
    bindnet_decision_free(decision);
    bindnet_monitor_free(made);
    are_closed(before);
    bindnet_monitor_free(NULL);
}

static void detector_is_refused(void)
{
    struct bindnet_detector *made = UNSET;

    REFUSES(INVALID, bindnet_detector_new(NULL, NULL, 0, &made), "address is NULL");
    REFUSES(INVALID, bindnet_detector_new("127.0.0.1", NULL, 0, NULL), "detector is NULL");
    GIVES(INVALID, bindnet_detector_new("", NULL, 0, &made));
    REFUSES(INVALID, bindnet_detector_new("192.0.2.\xff", NULL, 0, &made), "utf-8");
    GIVES(INVALID, bindnet_detector_new("192.0.2.10/24", NULL, 0, &made));
    GIVES(INVALID, bindnet_detector_new("224.0.0.1", NULL, 0, &made));
    GIVES(INVALID, bindnet_detector_new("192.0.2.10", "", 0, &made));
    REFUSES(INVALID, bindnet_detector_new_before_use("192.0.2.10", NULL, 0, &made),
            "interface_name is NULL");
    REFUSES(INVALID, bindnet_detector_new_before_use(NULL, "eth0", 0, &made), "address is NULL");
    REFUSES(INVALID, bindnet_detector_new_before_use("192.0.2.10", "eth0", 0, NULL),
            "detector is NULL");
    REFUSES(INVALID, bindnet_detector_new_before_use("192.0.2.10", "eth0", 9, &made), "timing 9");
    REFUSES(INVALID, bindnet_detector_new("fe80::1%eth1", "eth0", 0, &made),
            "names another link");
    REFUSES(INVALID, bindnet_detector_new_before_use("fe80::1%eth1", "eth0", 0, &made),
            "names another link");
    REFUSES(INVALID, bindnet_detector_new("127.0.0.1", NULL, 3, &made), "timing 3");
    REFUSES(INVALID, bindnet_detector_new("127.0.0.1", NULL, -1, &made), "timing -1");
    CHECK(made == UNSET);
}

/* A name is bytes, in which nothing is escaped: this one has a backslash, and is printed so. */
static void detector_on_a_name(void)
{
    struct bindnet_detector *made;
    struct bindnet_conflict *found;

    GIVES(OK, bindnet_detector_new_before_use("192.0.2.10", "a\\x30", 0, &made));
    GIVES(OK, bindnet_detector_next_event(made, &found));
    HOLDS(bindnet_conflict_text, found, "a\\x5cx30");
    bindnet_conflict_free(found);
    bindnet_detector_free(made);
}

/* A decision says what was found of its choice. */
static void added(const struct bindnet_conflict *found)
{
    struct bindnet_selector *asked = selector("127.0.0.1");
    struct bindnet_snapshot *host = snapshot(HOST);
    struct bindnet_decision *decision = decide(asked, host);
    struct bindnet_selector *another = selector("192.0.2.0");
    struct bindnet_decision *other = decide(another, host);
    char *before = bindnet_decision_json_holds(decision), *after;

    REFUSES(INVALID, bindnet_decision_add_conflict(NULL, found), "decision is NULL");
    REFUSES(INVALID, bindnet_decision_add_conflict(decision, NULL), "conflict is NULL");
    REFUSES(INVALID, bindnet_decision_add_conflict(other, found), "not the choice");
    bindnet_decision_free(other);
    bindnet_selector_free(another);
    after = bindnet_decision_json_holds(decision);
    CHECK(strcmp(before, after) == 0);
    GIVES(OK, bindnet_decision_add_conflict(decision, found));
    HOLDS(bindnet_decision_json, decision, "\"verdict\":\"not-applicable\"");
    HOLDS(bindnet_decision_report, decision, "127.0.0.1 on lo: not-applicable");
    /* Another one takes its place. */
    GIVES(OK, bindnet_decision_add_conflict(decision, found));
    HOLDS(bindnet_decision_report, decision, "not-applicable");
    free(before);
    free(after);
    bindnet_decision_free(decision);
    bindnet_snapshot_free(host);
    bindnet_selector_free(asked);
}

static void conflict(struct bindnet_conflict *found)
{
    uint64_t count, elapsed;
    uint8_t mac[6];
    int verdict, how;

    REFILL(count);
    REFILL(elapsed);
    REFILL(verdict);
    REFILL(how);
    REFILL(mac);
    REFUSES(INVALID, bindnet_conflict_verdict(NULL, &verdict), "conflict is NULL");
    REFUSES(INVALID, bindnet_conflict_verdict(found, NULL), "verdict is NULL");
    REFUSES(INVALID, bindnet_conflict_mac(NULL, mac, &how), "conflict is NULL");
    REFUSES(INVALID, bindnet_conflict_mac(found, NULL, &how), "mac is NULL");
    GIVES(NONE, bindnet_conflict_mac(found, mac, &how));
    GIVES(NONE, bindnet_conflict_mac(found, mac, NULL));
    REFUSES(INVALID, bindnet_conflict_count(NULL, &count), "conflict is NULL");
    REFUSES(INVALID, bindnet_conflict_count(found, NULL), "count is NULL");
    GIVES(NONE, bindnet_conflict_count(found, &count));
    REFUSES(INVALID, bindnet_conflict_elapsed(NULL, &elapsed), "conflict is NULL");
    REFUSES(INVALID, bindnet_conflict_elapsed(found, NULL), "milliseconds is NULL");
    CHECK(FILLED(verdict) && FILLED(how) && FILLED(mac) && FILLED(count) && FILLED(elapsed));
    GIVES(OK, bindnet_conflict_elapsed(found, &elapsed));
    CHECK(elapsed < 60000);
    GIVES(OK, bindnet_conflict_verdict(found, &verdict));
    CHECK(verdict == BINDNET_CONFLICT_NOT_APPLICABLE);
    HOLDS(bindnet_conflict_text, found, "127.0.0.1");
    HOLDS(bindnet_conflict_reason, found, "loopback");
    HOLDS(bindnet_conflict_json, found, "\"format\":\"bindnet-conflict/1\"");
    added(found);
    bindnet_conflict_free(found);
    bindnet_conflict_free(NULL);
}

/* Nobody can be asked on a loopback link, which is a verdict. */
static void detector(int timing)
{
    struct bindnet_detector *made = UNSET;
    struct bindnet_conflict *found = UNSET;
    enum bindnet_result result;
    struct fds before = open_fds();
    int fd;

    GIVES(OK, bindnet_detector_new("127.0.0.1", NULL, timing, &made));
    are_close_on_exec(before);
    REFILL(fd);
    REFUSES(INVALID, bindnet_detector_fd(NULL, &fd), "detector is NULL");
    REFUSES(INVALID, bindnet_detector_fd(made, NULL), "fd is NULL");
    CHECK(FILLED(fd));
    GIVES(OK, bindnet_detector_fd(made, &fd));
    CHECK(fd >= 0 && !before.is_open[fd]);
    REFUSES(INVALID, bindnet_detector_next_event(NULL, &found), "detector is NULL");
    REFUSES(INVALID, bindnet_detector_next_event(made, NULL), "conflict is NULL");
    CHECK(found == UNSET);
    while ((result = bindnet_detector_next_event(made, &found)) == BINDNET_NONE) {
        CHECK(found == UNSET);
        CHECK(is_readable(fd));
    }
    GIVES(OK, result);
    conflict(found);
    found = UNSET;
    GIVES(NONE, bindnet_detector_next_event(made, &found));
    CHECK(found == UNSET);
    bindnet_detector_free(made);
    are_closed(before);
    bindnet_detector_free(NULL);
}

int main(void)
{
    struct bindnet_selector *asked = selector("127.0.0.1");

    snapshots(asked);
    capturer(asked);
    no_time(asked);
    bindnet_selector_free(asked);
    monitor();
    detector_is_refused();
    detector_on_a_name();
    detector(BINDNET_TIMING_RFC);
    detector(BINDNET_TIMING_FAST);
    detector(BINDNET_TIMING_LISTEN);
    return 0;
}
