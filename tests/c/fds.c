/* A process that has no fd left: calls fail, write nothing, and can be made again. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static int taken[4096], count;

static void take_all(void)
{
    int fd;

    while ((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) {
        CHECK(count < 4096);
        taken[count++] = fd;
    }
}

static void give_back(int some)
{
    while (some-- > 0 && count > 0)
        close(taken[--count]);
}

int main(void)
{
    struct rlimit limit;
    struct bindnet_selector *asked = selector("127.0.0.1");
    struct bindnet_snapshot *host = UNSET;
    struct bindnet_capturer *capturer = UNSET, *open_capturer;
    struct bindnet_decision *decision = UNSET;
    struct bindnet_monitor *monitor = UNSET;
    struct bindnet_detector *detector = UNSET;
    int flag, left;

    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = 128;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    GIVES(OK, bindnet_capturer_new(&open_capturer));
    take_all();
    REFILL(flag);
    REFUSES(SYSTEM, bindnet_snapshot_capture(BINDNET_SOURCE_NETLINK, &host), "Too many open files");
    GIVES(SYSTEM, bindnet_snapshot_capture(BINDNET_SOURCE_GETIFADDRS, &host));
    REFUSES(SYSTEM, bindnet_capturer_new(&capturer), "Too many open files");
    REFUSES(SYSTEM, bindnet_state_read("/dev/null", asked, &flag), "Too many open files");
    CHECK(host == UNSET && capturer == UNSET && FILLED(flag));
    GIVES(OK, bindnet_capturer_decide(open_capturer, asked, &decision));
    bindnet_decision_free(decision);

    /* The monitor and the detector need more than one: none stays open where the last is missing. */
    for (left = 0; left < 8; left++) {
        enum bindnet_result result = bindnet_monitor_new(asked, 0, &monitor);

        if (result == BINDNET_OK)
            break;
        GIVES(SYSTEM, result);
        CHECK(monitor == UNSET);
        give_back(1);
    }
    CHECK(left > 1 && left < 8);
    bindnet_monitor_free(monitor);
    take_all();
    for (left = 0; left < 12; left++) {
        enum bindnet_result result =
            bindnet_detector_new("127.0.0.1", NULL, BINDNET_TIMING_FAST, &detector);

        if (result == BINDNET_OK)
            break;
        GIVES(SYSTEM, result);
        CHECK(detector == UNSET);
        give_back(1);
    }
    CHECK(left > 1 && left < 12);
    bindnet_detector_free(detector);
    give_back(count);
    GIVES(OK, bindnet_snapshot_capture(BINDNET_SOURCE_NETLINK, &host));
    bindnet_snapshot_free(host);
    bindnet_capturer_free(open_capturer);
    bindnet_selector_free(asked);
    return 0;
}
