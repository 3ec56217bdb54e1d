/*
 * ringd: a small token ring, to show how a daemon lives with libbindnet.
 *
 *     ringd -s /var/lib/ringd/choices -w 30 -c 192.168.1.0 192.168.1.10 192.168.1.11
 *
 * The members send each other hellos, and pass a token round among those that are heard. A member
 * is known by its address, as in a nodelist: one that binds another address is a stranger to the
 * others, and the ring goes on without it.
 *
 * What concerns libbindnet is in watch(), begin(), news(), remember() and tell_conflicts(); the rest
 * is the ring. Its datagrams are neither signed nor encrypted: it is an example.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <bindnet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PORT = 5405, MEMBERS = 16, HOLD_MS = 50, HELLO_MS = 200, DEAD_MS = 2000 };
enum kind { HELLO = 1, TOKEN = 2 };
enum { HOST, RING, CHECK, FDS };

static struct sockaddr_in members[MEMBERS];
static long long heard[MEMBERS];  /* when, in milliseconds; 0 for never */
static int is_alive[MEMBERS];
static int count;
static int self = -1;             /* our place among the members; -1 for a stranger */
static int ring = -1;             /* the socket; -1 while there is no address */
static int checks;                /* whether to ask if another host has the address */
static const char *path;          /* the state file; NULL for none */
static int is_remembered;         /* whether there is an address in it */
static long long begin_by;        /* how long the remembered address is waited for; 0 afterwards */
static uint32_t number;           /* the highest of a token that is known of */
static long long hello;           /* when hellos were sent last */
static long long seen;            /* when the token was here last */
static long long pass_on;         /* when it is to be passed on; 0 where somebody else has it */
static struct bindnet_monitor *monitor;
static struct bindnet_detector *detector;
static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static long long now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

/* Whether a call of libbindnet has done what it says. That there is nothing is no error. */
static int done(enum bindnet_result result)
{
    char words[1024] = "an error whose message is too long";

    if (result == BINDNET_OK)
        return 1;
    if (result != BINDNET_NONE) {
        bindnet_error(words, sizeof(words), NULL);
        printf("%s: %s\n", result == BINDNET_AGAIN ? "again" : "error", words);
    }
    return 0;
}

/* Whether it is of no use to try again: what the kernel refuses now it may do later. */
static int is_final(enum bindnet_result result)
{
    return result == BINDNET_INVALID || result == BINDNET_PANIC;
}

static int place_of(struct in_addr address)
{
    int at;

    for (at = 0; at < count; at++)
        if (members[at].sin_addr.s_addr == address.s_addr)
            return at;
    return -1;
}

static void leave(void)
{
    if (ring >= 0)
        close(ring);
    ring = self = -1;
    pass_on = 0;
    bindnet_detector_free(detector);
    detector = NULL;
}

/* Binds the choice, if there is one, and finds our place in the ring. 0 where that fails. */
static int join(void)
{
    struct bindnet_address choice = { .size = sizeof(choice) };
    enum bindnet_result result = bindnet_monitor_choice(monitor, &choice);
    struct sockaddr_in address;
    char text[INET_ADDRSTRLEN];
    int is_late;

    leave();
    if (!done(result))
        return result == BINDNET_NONE;
    memcpy(&address, &choice.address, sizeof(address)); /* bind(2) refuses what is not AF_INET */
    address.sin_port = htons(PORT);
    ring = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (ring < 0 || bind(ring, (struct sockaddr *)&address, sizeof(address)) < 0) {
        printf("error: bind on %s: %s\n", choice.interface_name, strerror(errno));
        is_late = errno == EADDRNOTAVAIL; /* it has just gone, of which there will be news */
        leave();
        return is_late;
    }
    inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
    self = place_of(address.sin_addr);
    seen = now(); /* the others' token is waited for before a new one is made */
    printf("bound %s on %s%s\n", text, choice.interface_name, self < 0 ? ", a stranger" : "");
    if (checks) /* where it cannot be asked, the ring does without */
        done(bindnet_detector_new(text, choice.interface_name, BINDNET_TIMING_FAST, &detector));
    return 1;
}

/* Watches the addresses of this host with what is remembered. */
static int watch(const char *bindnetaddr)
{
    struct bindnet_selector *selector;
    int is_watched;

    if (!done(bindnet_selector_new(bindnetaddr, &selector)))
        return 0;
    /* With a damaged file we stop. To choose anew would be to move, maybe. */
    is_watched = (path == NULL || done(bindnet_state_read(path, selector, &is_remembered)))
                 && done(bindnet_monitor_new(selector, 0, &monitor));
    bindnet_selector_free(selector);
    return is_watched;
}

/* Takes what is here when the time is over in which the remembered address could come. */
static int begin(void)
{
    enum bindnet_result result;

    if (begin_by == 0 || now() < begin_by)
        return 1;
    result = bindnet_monitor_wait(monitor, 0);
    if (result != BINDNET_OK)
        begin_by = now() + HELLO_MS; /* not again in a busy loop */
    return done(result) || !is_final(result);
}

/*
 * Remembers the choice for the next start, if nothing is yet, and not if it is a stranger's. Where
 * it cannot be written now, because the host is changing, that is tried again at the next change.
 */
static int remember(void)
{
    struct bindnet_decision *decision;
    enum bindnet_result result;

    if (path == NULL || self < 0 || is_remembered)
        return 1;
    result = bindnet_monitor_decision_of_choice(monitor, &decision);
    if (!done(result))
        return result == BINDNET_NONE;
    result = bindnet_state_remember(path, decision, &is_remembered);
    bindnet_decision_free(decision);
    return done(result) || result == BINDNET_AGAIN;
}

/* Tells what has happened to the choice, and joins or leaves. 0 where we cannot go on. */
static int news(void)
{
    enum bindnet_result result = bindnet_monitor_dispatch(monitor);
    struct bindnet_event *event;
    char text[4096];
    int kind, goes_on = done(result) || !is_final(result);

    while (goes_on && (result = bindnet_monitor_next_event(monitor, &event)) == BINDNET_OK) {
        if (done(bindnet_event_text(event, text, sizeof(text), NULL)))
            printf("%s\n", text);
        goes_on = done(bindnet_event_kind(event, &kind)) && (kind == BINDNET_EVENT_KEPT || join())
                  && (kind != BINDNET_EVENT_INITIAL || ring >= 0);
        if (kind == BINDNET_EVENT_INITIAL)
            begin_by = 0;
        bindnet_event_free(event);
    }
    return goes_on && result == BINDNET_NONE && remember();
}

/* Tells whether another host has our address. It is advice for people: nothing is done about it. */
static void tell_conflicts(void)
{
    struct bindnet_conflict *conflict;
    enum bindnet_result result;
    char text[1024];

    while ((result = bindnet_detector_next_event(detector, &conflict)) == BINDNET_OK) {
        if (done(bindnet_conflict_text(conflict, text, sizeof(text), NULL)))
            printf("check: %s\n", text);
        bindnet_conflict_free(conflict);
    }
    if (!done(result) && is_final(result)) {
        bindnet_detector_free(detector);
        detector = NULL;
    }
}

static void send_to(int at, enum kind kind)
{
    uint32_t message[] = { htonl(kind), htonl(number) };

    /* What is lost is sent again, or found to be lost. */
    (void)!sendto(ring, message, sizeof(message), 0, (struct sockaddr *)&members[at],
                  sizeof(members[at]));
}

/* One datagram, so that a flood of them keeps nobody else waiting. */
static void receive(void)
{
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    uint32_t message[2];
    int at;

    if (recvfrom(ring, message, sizeof(message), MSG_TRUNC, (struct sockaddr *)&from, &len)
        != (ssize_t)sizeof(message))
        return;
    at = place_of(from.sin_addr);
    if (at < 0 || at == self || self < 0)
        return; /* of a stranger, or we are one */
    heard[at] = now();
    if ((int32_t)(ntohl(message[1]) - number) <= 0)
        return; /* an old token, or nothing new */
    number = ntohl(message[1]);
    if (ntohl(message[0]) == TOKEN) {
        seen = now();
        pass_on = seen + HOLD_MS;
    }
}

/* Says who is there when that has changed. */
static void look_round(void)
{
    char text[MEMBERS * (INET_ADDRSTRLEN + 1)] = "";
    static char told[sizeof(text)];
    int at;

    for (at = 0; self >= 0 && at < count; at++) {
        is_alive[at] = at == self || (heard[at] != 0 && now() - heard[at] < DEAD_MS);
        if (is_alive[at]) {
            strcat(text, " ");
            inet_ntop(AF_INET, &members[at].sin_addr, strchr(text, '\0'), INET_ADDRSTRLEN);
        }
    }
    if (strcmp(text, told) != 0)
        printf("ring:%s\n", *text == '\0' ? " left" : text);
    strcpy(told, text);
}

/* Says hello and passes the token on when it is time. A lost one is made anew by the first. */
static void turn(void)
{
    int at, first = 0, says_hello = now() - hello >= HELLO_MS;

    if (says_hello)
        hello = now();
    if (self < 0)
        return;
    for (at = 0; says_hello && at < count; at++)
        if (at != self)
            send_to(at, HELLO);
    while (!is_alive[first])
        first++;
    if (pass_on == 0 && first == self && now() - seen > DEAD_MS)
        pass_on = now();
    if (pass_on == 0 || now() < pass_on)
        return;
    for (at = (self + 1) % count; at != self && !is_alive[at]; at = (at + 1) % count)
        ;
    number++;
    seen = now();
    pass_on = at == self ? seen + HOLD_MS : 0;
    if (at != self)
        send_to(at, TOKEN);
}

/* How long to sleep; not for long, as a signal may come right before poll(2). */
static int until_due(void)
{
    long long due = hello + HELLO_MS;

    if (begin_by != 0 && begin_by < due)
        due = begin_by;
    if (pass_on != 0 && pass_on < due)
        due = pass_on;
    return due > now() ? (int)(due - now()) : 0;
}

static int run(void)
{
    struct pollfd fds[FDS] = { { .events = POLLIN }, { .events = POLLIN }, { .events = POLLIN } };

    if (!done(bindnet_monitor_fd(monitor, &fds[HOST].fd)) || !news())
        return 1;
    while (!stopped) {
        if (!begin())
            return 1;
        fds[RING].fd = ring; /* poll(2) leaves a negative one out */
        if (detector == NULL || !done(bindnet_detector_fd(detector, &fds[CHECK].fd)))
            fds[CHECK].fd = -1;
        if (poll(fds, FDS, until_due()) < 0) {
            if (errno == EINTR)
                continue;
            printf("error: poll: %s\n", strerror(errno));
            return 1;
        }
        if (fds[CHECK].revents != 0)
            tell_conflicts();
        if ((fds[HOST].revents != 0 || begin_by != 0) && !news())
            return 1;
        if (fds[RING].revents != 0 && ring >= 0)
            receive();
        look_round();
        turn();
    }
    printf("stopped at token %lu\n", (unsigned long)number);
    return 0;
}

static int usage(void)
{
    fprintf(stderr, "ringd [-s STATE] [-w SECONDS] [-c] BINDNETADDR MEMBER...\n"
                    "A member is an IPv4 address; there may be %d.\n", MEMBERS);
    return 2;
}

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = stop };
    const char *bindnetaddr;
    char *end = "";
    int option, status = 1;
    long wait_s = 0;

    while ((option = getopt(argc, argv, "s:w:c")) != -1)
        switch (option) {
        case 's': path = optarg; break;
        case 'w': wait_s = strtol(optarg, &end, 10); break;
        case 'c': checks = 1; break;
        default: return usage();
        }
    bindnetaddr = argv[optind];
    if (*end != '\0' || wait_s < 0 || wait_s > 3600 || argc - optind < 2)
        return usage();
    for (optind++; optind < argc; optind++, count++) {
        if (count == MEMBERS || inet_pton(AF_INET, argv[optind], &members[count].sin_addr) != 1)
            return usage();
        members[count].sin_family = AF_INET;
        members[count].sin_port = htons(PORT);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    begin_by = now() + wait_s * 1000;
    if (watch(bindnetaddr))
        status = run();
    leave();
    bindnet_monitor_free(monitor);
    return status;
}
