/*
 * bindnet: chooses the local address a cluster daemon binds for a bindnetaddr, and says why.
 *
 * Made by cbindgen from src/capi; do not edit.
 *
 * THE CONTRACT
 *
 * Results. Functions return an enum bindnet_result, whose numbers keep their meaning for ever. What
 * was wrong, and what would be accepted, bindnet_error says in words: of the last call of this
 * thread, other than itself, that did not return BINDNET_OK. That the host changed while it was read,
 * lost events and sources are in the results; there is no log and no callback. The other enums name
 * numbers that are passed as int or uint32_t; a later version may have more of them.
 *
 * Outputs come last, and are written only where BINDNET_OK is returned. (One exception: a function
 * that fills in a buffer also says how much is needed where it returns BINDNET_SPACE.) An argument
 * that must not be NULL and is gives BINDNET_INVALID.
 *
 * Handles. A function whose name ends with _new, or whose last argument is a pointer to a pointer,
 * gives a handle; the _free of its type takes it, once, and NULL is fine. Handles do not depend on
 * each other: a selector may be freed while a monitor lives that was made with it.
 *
 * Texts go in as UTF-8 with a NUL at the end, and are not kept. (Two exceptions: the name of an
 * interface and the path of a file are bytes, which are taken as they are.) Texts come out in a buffer of the
 * caller's of `size` bytes; `needed`, which may be NULL, gets the size that is needed, NUL included.
 * With a NULL buffer and a size of 0 a function only says that, and returns BINDNET_SPACE.
 *
 * Structs that are filled in begin with their size, which the caller sets. A later version has more
 * members at the end, and serves callers who do not know them.
 *
 * Panics. No panic crosses: it is caught and becomes BINDNET_PANIC.
 *
 * The process is left alone: no thread, no signal, no exit, nothing to standard output, nothing from
 * the environment. (A panic, which is a bug, prints a message to standard error; RUST_BACKTRACE bears
 * on that alone.) Fds are close-on-exec.
 *
 * Where there is no memory left, Rust ends the process (abort(3)).
 *
 * Threads. A handle may be used by one thread at a time, and by any thread; by several at once in
 * functions that take a pointer to const, while no other runs. A monitor, a capturer and a detector
 * ask about the network namespace of the thread that made them, and may open sockets later: use them
 * from threads of that namespace.
 *
 * fork(2). The child may free what it inherits, and makes monitors, capturers and detectors of its
 * own: those it inherits share their sockets with the parent. As long as it has a copy of an fd, that
 * stays in an epoll(7) of the parent after the free: take it out before. Signal handlers call none of
 * this.
 */


#ifndef BINDNET_H
#define BINDNET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

// What is true of a candidate, a bit each. A later version may know more.
enum bindnet_reasons {
    // the operator declares it floating
    BINDNET_REASON_DECLARED_FLOATING = (1 << 0),
    // the operator declares it fixed, which overrides all else
    BINDNET_REASON_DECLARED_FIXED = (1 << 1),
    // a colon in its label
    BINDNET_REASON_LABEL = (1 << 2),
    // its link has the MAC of a VRRP virtual router, and is a macvlan or of unknown kind
    BINDNET_REASON_VRRP_MAC = (1 << 3),
    // its IFA_PROTO is a VIP manager's, 18 for keepalived
    BINDNET_REASON_ADDRESS_PROTOCOL = (1 << 4),
    // a permanent /32, or a /128 that is deprecated or nodad, inside the network of another address here
    BINDNET_REASON_HOST_PREFIX_IN_SUBNET = (1 << 5),
    // deprecated and permanent
    BINDNET_REASON_DEPRECATED_PERMANENT = (1 << 6),
    // an IPv6 privacy address
    BINDNET_REASON_TEMPORARY = (1 << 7),
    // IPv4: another address of its subnet came first
    BINDNET_REASON_SECONDARY = (1 << 8),
    // deprecated
    BINDNET_REASON_DEPRECATED = (1 << 9),
    // IPv6: another address of its link and network is older
    BINDNET_REASON_NEWER_THAN_SIBLING = (1 << 10),
    // a loopback address, or on a loopback link
    BINDNET_REASON_LOOPBACK = (1 << 11),
    // its link is administratively down
    BINDNET_REASON_LINK_DOWN = (1 << 12),
    // duplicate address detection is not over
    BINDNET_REASON_TENTATIVE = (1 << 13),
    // another host has it
    BINDNET_REASON_DADFAILED = (1 << 14),
    // the remembered choice
    BINDNET_REASON_PREVIOUS = (1 << 15),
    // a permanent /32 or /128 beside an address of its link with a network
    BINDNET_REASON_HOST_PREFIX = (1 << 16),
    // leased by DHCP or SLAAC
    BINDNET_REASON_LEASE = (1 << 17),
    // on a port of a bridge, a bond or a team
    BINDNET_REASON_PORT = (1 << 18),
    // its link has no carrier
    BINDNET_REASON_NO_CARRIER = (1 << 19),
};

// The major number of the version of this header.
#define BINDNET_VERSION_MAJOR 0

// The minor number of the version of this header.
#define BINDNET_VERSION_MINOR 1

// The patch number of the version of this header.
#define BINDNET_VERSION_PATCH 0

// The size of a name of an interface, with a NUL at its end: IFNAMSIZ.
#define BINDNET_NAME_SIZE 16

// How a call ended. A number keeps its meaning for ever; a later version may have more of them.
enum bindnet_result {
    // It did what it says, and has written its outputs.
    BINDNET_OK = 0,
    // An argument is NULL that must not be, out of range, or a text that cannot be understood.
    BINDNET_INVALID = 1,
    // A system call failed, or the kernel refused to answer.
    BINDNET_SYSTEM = 2,
    // The state file cannot be used as it is. Nothing was written to it.
    BINDNET_STATE = 3,
    // The buffer is too small. Nothing was written to it, but how much is needed is known.
    BINDNET_SPACE = 4,
    // There is nothing to give: no address was chosen, no event has happened, no such number.
    BINDNET_NONE = 5,
    // A bug of the library, which has caught its panic. The handles of the call may only be freed.
    BINDNET_PANIC = 6,
    // Not now; the same call may do it later: the kernel did not answer in time or its answer was
    // lost, or another process holds the state file.
    BINDNET_AGAIN = 7,
};

// What became of a candidate.
enum bindnet_verdicts {
    // It is the choice.
    BINDNET_VERDICT_CHOSEN = 0,
    // Another one ranks before it.
    BINDNET_VERDICT_OUTRANKED = 1,
    // It was left, but nothing was chosen.
    BINDNET_VERDICT_ELIGIBLE = 2,
    // It is floating.
    BINDNET_VERDICT_FLOATING = 3,
    // bind(2) would fail.
    BINDNET_VERDICT_UNUSABLE = 4,
    // It is of another network than the bindnetaddr.
    BINDNET_VERDICT_OTHER_NETWORK = 5,
    // It is of another family than the bindnetaddr.
    BINDNET_VERDICT_OTHER_FAMILY = 6,
};

// How a host is asked: for bindnet_snapshot_capture.
enum bindnet_sources {
    // By rtnetlink(7).
    BINDNET_SOURCE_NETLINK = 0,
    // By getifaddrs(3), which knows less.
    BINDNET_SOURCE_GETIFADDRS = 1,
};

// How a decision ended.
enum bindnet_outcomes {
    // An address was chosen.
    BINDNET_OUTCOME_CHOSEN = 0,
    // None was chosen.
    BINDNET_OUTCOME_NONE = 1,
    // None was chosen, because the selector is strict and the decision is ambiguous.
    BINDNET_OUTCOME_AMBIGUOUS = 2,
};

// What has happened to the choice.
enum bindnet_event_kinds {
    // The first look at the host: an address was chosen, or none was.
    BINDNET_EVENT_INITIAL = 0,
    // The choice stays, though something happened that could have changed it.
    BINDNET_EVENT_KEPT = 1,
    // Another address was chosen.
    BINDNET_EVENT_MOVED = 2,
    // The choice is gone, and nothing was chosen in its place.
    BINDNET_EVENT_LOST = 3,
    // There is a choice again, or the first one.
    BINDNET_EVENT_GAINED = 4,
};

// How long a probe takes: for bindnet_detector_new.
enum bindnet_timings {
    // As RFC 5227 has it: 4 to 7 seconds.
    BINDNET_TIMING_RFC = 0,
    // Less than a second, for the wired links of a cluster.
    BINDNET_TIMING_FAST = 1,
    // It is not asked, only listened.
    BINDNET_TIMING_LISTEN = 2,
};

// Whether another host claims the address. It is advice: ARP is not authenticated.
enum bindnet_conflict_verdicts {
    // Nobody else answered.
    BINDNET_CONFLICT_CLEAR = 0,
    // Another host claims it.
    BINDNET_CONFLICT_FOUND = 1,
    // It cannot be told.
    BINDNET_CONFLICT_INCONCLUSIVE = 2,
    // Nobody can be asked on the link.
    BINDNET_CONFLICT_NOT_APPLICABLE = 3,
    // It takes CAP_NET_RAW.
    BINDNET_CONFLICT_NOT_PERMITTED = 4,
};

// How a claim was heard.
enum bindnet_sightings {
    // As an answer.
    BINDNET_SIGHTING_REPLY = 0,
    // As a use of the address.
    BINDNET_SIGHTING_CLAIM = 1,
    // As a question of somebody who is about to take it.
    BINDNET_SIGHTING_PROBE = 2,
};

// A socket and buffers that are kept for deciding again and again.
struct bindnet_capturer;

// A verdict, or what was heard after it.
struct bindnet_conflict;

// The chosen address or none, with every candidate and the reasons.
struct bindnet_decision;

// Asks whether another host claims an address, and listens.
struct bindnet_detector;

// Something has happened to the choice, or could have.
struct bindnet_event;

// Watches this host, and holds on to a choice.
struct bindnet_monitor;

// What is asked: a bindnetaddr, and all that is known beforehand.
struct bindnet_selector;

// The addresses and links of a host at one moment.
struct bindnet_snapshot;

// A candidate of a decision, or the choice.
//
// Set `size` to sizeof(struct bindnet_address) before it is passed: a later version has more
// members behind these, and fills in no more than the caller knows. What the caller knows and the
// library does not is 0.
struct bindnet_address {
    // sizeof(struct bindnet_address), set by the caller.
    size_t size;
    // The address for bind(2): a struct sockaddr_in or sockaddr_in6, with the scope id of a
    // link-local address. The port is 0.
    struct sockaddr_storage address;
    // The length of the address, for bind(2).
    socklen_t address_len;
    // The prefix length; -1 for a netmask with holes.
    int prefix_len;
    // The index of the interface; 0 where it is not known.
    uint32_t interface_index;
    // 1 if the interface is up, 0 if not, -1 where that is not known.
    int link_up;
    // What became of it: a number of enum bindnet_verdicts.
    int verdict;
    // What is true of it: bits of enum bindnet_reasons.
    uint32_t reasons;
    // The name of the interface, as the kernel has it; empty where it is not known.
    char interface_name[BINDNET_NAME_SIZE];
    // The label, as the kernel has it; empty where there is none.
    char label[BINDNET_NAME_SIZE];
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the library that is loaded, "0.1.0" for instance. It is static: do not free it.
const char *bindnet_version(void);

// Copies the message of the last call of this thread that did not return BINDNET_OK into a buffer
// of `size` bytes, NUL included. It says what is wrong with which text, and what would be accepted.
//
// `needed` may be NULL; it gets the length in bytes, NUL included, also where there is not enough
// room (BINDNET_SPACE).
enum bindnet_result bindnet_error(char *buffer, size_t size, size_t *needed);

// Makes a selector for a bindnetaddr: an address without a prefix ("192.168.1.0"), a network with its
// prefix ("192.168.1.0/24"), or several networks of one family with commas
// ("192.168.1.0/24,192.168.2.0/24"). Any address of a link is "0.0.0.0/0" or "::/0", and
// bindnet_selector_interface(). "0.0.0.0" and "::" alone are refused.
enum bindnet_result bindnet_selector_new(const char *bindnetaddr,
                                         struct bindnet_selector **selector);

// Frees a selector; NULL is fine. What was made with it stays.
void bindnet_selector_free(struct bindnet_selector *selector);

// Which rule chooses: "default", "corosync", "corosync:3.1.7" or "patched".
enum bindnet_result bindnet_selector_profile(struct bindnet_selector *selector,
                                             const char *profile);

// Whether nothing is chosen where the decision is ambiguous.
enum bindnet_result bindnet_selector_strict(struct bindnet_selector *selector, int strict);

// Restricts the rule to the addresses of one interface.
//
// `interface_name` is the name as the kernel has it, byte for byte: what `interface_name` of a
// struct bindnet_address holds goes in as it is. Nothing is un-escaped in it. It may also be an
// alternative name of the interface (altname of ip-link(8)), of up to 127 bytes.
enum bindnet_result bindnet_selector_interface(struct bindnet_selector *selector,
                                               const char *interface_name);

// Declares an address ("192.168.1.20") or a network ("192.168.1.0/28") floating: a cluster manager
// moves it between hosts. May be repeated.
enum bindnet_result bindnet_selector_floating(struct bindnet_selector *selector, const char *net);

// Declares an address or a network fixed: it belongs to this host, which overrides all evidence.
// May be repeated. What is on both lists is refused; else the longest prefix decides.
enum bindnet_result bindnet_selector_fixed(struct bindnet_selector *selector, const char *net);

// Switches one evidence rule off, "label" for instance. May be repeated.
enum bindnet_result bindnet_selector_without_rule(struct bindnet_selector *selector,
                                                  const char *code);

// The IFA_PROTO numbers that mark floating addresses, `count` of them, instead of 18.
enum bindnet_result bindnet_selector_floating_protocols(struct bindnet_selector *selector,
                                                        const uint8_t *protocols,
                                                        size_t count);

// The remembered choice, "192.168.1.10" or "fe80::1%eth0": it is kept as long as it is there and can
// be bound.
enum bindnet_result bindnet_selector_previous(struct bindnet_selector *selector,
                                              const char *address);

// Whether decisions also list the addresses that do not match.
enum bindnet_result bindnet_selector_list_all(struct bindnet_selector *selector, int list_all);

// Takes a snapshot of this host, whole; `source` is a number of enum bindnet_sources.
enum bindnet_result bindnet_snapshot_capture(int source, struct bindnet_snapshot **snapshot);

// Reads a snapshot, or the output of `ip -j addr`, from `len` bytes of JSON.
enum bindnet_result bindnet_snapshot_parse(const char *json,
                                           size_t len,
                                           struct bindnet_snapshot **snapshot);

// Writes a snapshot as JSON, bindnet-snapshot/1, on one line.
enum bindnet_result bindnet_snapshot_json(const struct bindnet_snapshot *snapshot,
                                          char *buffer,
                                          size_t size,
                                          size_t *needed);

// Frees a snapshot; NULL is fine.
void bindnet_snapshot_free(struct bindnet_snapshot *snapshot);

// Decides on a snapshot.
enum bindnet_result bindnet_selector_decide(const struct bindnet_selector *selector,
                                            const struct bindnet_snapshot *snapshot,
                                            struct bindnet_decision **decision);

// Opens a capturer, which a daemon keeps: it asks the kernel for no more than a selector needs.
enum bindnet_result bindnet_capturer_new(struct bindnet_capturer **capturer);

// How long the kernel may take for an answer, in milliseconds, instead of 500; where it takes
// longer bindnet_capturer_decide returns BINDNET_AGAIN.
enum bindnet_result bindnet_capturer_timeout(struct bindnet_capturer *capturer, int milliseconds);

// Decides on this host as it is now.
enum bindnet_result bindnet_capturer_decide(struct bindnet_capturer *capturer,
                                            const struct bindnet_selector *selector,
                                            struct bindnet_decision **decision);

// Frees a capturer; NULL is fine.
void bindnet_capturer_free(struct bindnet_capturer *capturer);

// How the decision ended: a number of enum bindnet_outcomes.
enum bindnet_result bindnet_decision_outcome(const struct bindnet_decision *decision, int *outcome);

// Whether it was close: 1, or 0. The explanation says what separated the first from the second.
enum bindnet_result bindnet_decision_ambiguous(const struct bindnet_decision *decision,
                                               int *ambiguous);

// The address to bind; BINDNET_NONE where none was chosen.
enum bindnet_result bindnet_decision_chosen(const struct bindnet_decision *decision,
                                            struct bindnet_address *address);

// The candidate of this number, from 0, in the kernel's order; BINDNET_NONE behind the last. After
// bindnet_selector_list_all the addresses that do not match are among them.
enum bindnet_result bindnet_decision_candidate(const struct bindnet_decision *decision,
                                               size_t number,
                                               struct bindnet_address *address);

// Explains the decision on one line, for a log.
enum bindnet_result bindnet_decision_text(const struct bindnet_decision *decision,
                                          char *buffer,
                                          size_t size,
                                          size_t *needed);

// Explains the decision with warnings, the table of candidates and advice, on lines.
enum bindnet_result bindnet_decision_report(const struct bindnet_decision *decision,
                                            char *buffer,
                                            size_t size,
                                            size_t *needed);

// Writes the decision as JSON, bindnet-decision/1, on one line.
enum bindnet_result bindnet_decision_json(const struct bindnet_decision *decision,
                                          char *buffer,
                                          size_t size,
                                          size_t *needed);

// Adds what a detector found of the choice: the report and the JSON then say it. BINDNET_INVALID
// where it is about another address.
enum bindnet_result bindnet_decision_add_conflict(struct bindnet_decision *decision,
                                                  const struct bindnet_conflict *conflict);

// Frees a decision; NULL is fine.
void bindnet_decision_free(struct bindnet_decision *decision);

// Writes an address as bindnet_selector_previous and bindnet_detector_new take it: "192.168.1.10",
// "fe80::1%eth0". Of an interface without a known name it writes the index: "fe80::1%2".
enum bindnet_result bindnet_address_text(const struct bindnet_address *address,
                                         char *buffer,
                                         size_t size,
                                         size_t *needed);

// Reads what is remembered for the bindnetaddr of a selector, and makes it the selector's previous
// choice. `found` gets 1, or 0 where nothing is remembered or the file is missing; it may be NULL.
//
// If nothing is remembered for this bindnetaddr, but something for one that overlaps it
// ("192.168.1.0" and "192.168.1.0/24"), bindnet_decision_report and bindnet_decision_json warn of it.
// They warn, too, if the remembered choice was a guess, until its address is declared fixed.
//
// BINDNET_STATE: the file is damaged, or no file of ours. A daemon stops then; it must not choose
// anew silently.
enum bindnet_result bindnet_state_read(const char *path,
                                       struct bindnet_selector *selector,
                                       int *found);

// Remembers the choice of a decision if none is remembered for its bindnetaddr. `written` gets 1,
// or 0 where one is, or where there is nothing to remember: nothing was chosen, the host changed
// while it was read, the right address may still come (the choice is ambiguous by "pending",
// "fixed-absent" or "previous-absent"), or the rule was one of Corosync's. It may be NULL.
//
// Any other ambiguous choice is written as a guess ("unsettled"). If it is in the file and is certain
// now, because its address is declared fixed, it is written once more without that, and `written` is 1.
//
// It waits for the disk, and up to two seconds for another writer, which holds the lock of the
// file `.NAME.lock` beside it; then it is BINDNET_AGAIN. Go on with the choice then, and remember
// it later.
enum bindnet_result bindnet_state_remember(const char *path,
                                           const struct bindnet_decision *decision,
                                           int *written);

// The same, in the place of another choice that is remembered: for a daemon that moved.
enum bindnet_result bindnet_state_replace(const char *path,
                                          const struct bindnet_decision *decision,
                                          int *written);

// Subscribes to the changes of this host and captures it. Nothing is chosen before the first
// bindnet_monitor_wait or bindnet_monitor_dispatch.
//
// Where `follow` is not 0, a choice that is gone is replaced; else it is waited for.
enum bindnet_result bindnet_monitor_new(const struct bindnet_selector *selector,
                                        int follow,
                                        struct bindnet_monitor **monitor);

// Waits for the next event, for this many milliseconds at the most; bindnet_monitor_next_event gives
// it.
//
// The first one is the choice. An address that is remembered, pending, or declared fixed and not here
// is waited for, and so is an unambiguous choice of a strict selector. When the time is over, what is
// here counts; bindnet_state_remember does not write a choice that was still waited for. Later events
// may be waited for in poll(2) as well.
//
// This blocks, also while signals come, unless `milliseconds` is 0 or there are events that were
// not taken yet; and for what the kernel says of this host as bindnet_monitor_dispatch does.
// `milliseconds` is 0 or more: there is no number for ever.
//
// BINDNET_SYSTEM: it can be called again.
enum bindnet_result bindnet_monitor_wait(struct bindnet_monitor *monitor,
                                         int milliseconds);

// The fd to wait for in poll(2) or epoll(7): when it is readable, bindnet_monitor_dispatch is to be
// called. It belongs to the monitor: do not read from it, do not close it.
enum bindnet_result bindnet_monitor_fd(const struct bindnet_monitor *monitor, int *fd);

// Receives what has changed. Call bindnet_monitor_next_event until it has no event afterwards.
//
// A daemon that does not begin with bindnet_monitor_wait calls it once at the start, too: the first
// event comes when there is a choice that need not be waited for.
//
// It does not wait for changes, but for what the kernel says of this host: half a second at the
// most, and where other processes change links without end for the kernel's lock, too.
//
// BINDNET_SYSTEM and BINDNET_AGAIN: it can be called again, and the fd becomes readable for that.
enum bindnet_result bindnet_monitor_dispatch(struct bindnet_monitor *monitor);

// The next event; BINDNET_NONE where there is none.
enum bindnet_result bindnet_monitor_next_event(struct bindnet_monitor *monitor,
                                               struct bindnet_event **event);

// The choice as it is now; BINDNET_NONE where there is none or it is not here.
enum bindnet_result bindnet_monitor_choice(const struct bindnet_monitor *monitor,
                                           struct bindnet_address *address);

// The decision about the host as it is now, which need not be for the choice: it may be kept
// although another one would be chosen today. BINDNET_NONE before the first look.
enum bindnet_result bindnet_monitor_decision(const struct bindnet_monitor *monitor,
                                             struct bindnet_decision **decision);

// The last decision if it chooses what the choice is, to be remembered; BINDNET_NONE where there is
// no choice, it is not here, or another one would be chosen today.
enum bindnet_result bindnet_monitor_decision_of_choice(const struct bindnet_monitor *monitor,
                                                       struct bindnet_decision **decision);

// How often changes were lost because they came faster than they were received. Each time the whole
// host was asked again.
enum bindnet_result bindnet_monitor_overruns(const struct bindnet_monitor *monitor,
                                             uint64_t *overruns);

// Frees a monitor and closes its fds; NULL is fine.
void bindnet_monitor_free(struct bindnet_monitor *monitor);

// What has happened: a number of enum bindnet_event_kinds.
enum bindnet_result bindnet_event_kind(const struct bindnet_event *event, int *kind);

// Tells the event on one line, for a log.
enum bindnet_result bindnet_event_text(const struct bindnet_event *event,
                                       char *buffer,
                                       size_t size,
                                       size_t *needed);

// Writes the event as JSON, bindnet-watch/1, on one line.
enum bindnet_result bindnet_event_json(const struct bindnet_event *event,
                                       char *buffer,
                                       size_t size,
                                       size_t *needed);

// The choice now, "192.168.1.10" or "fe80::1%eth0"; BINDNET_NONE where there is none or it is not
// here.
enum bindnet_result bindnet_event_address(const struct bindnet_event *event,
                                          char *buffer,
                                          size_t size,
                                          size_t *needed);

// The choice before, here or not, at the start the remembered one; BINDNET_NONE where there was
// none.
enum bindnet_result bindnet_event_previous(const struct bindnet_event *event,
                                           char *buffer,
                                           size_t size,
                                           size_t *needed);

// Frees an event; NULL is fine.
void bindnet_event_free(struct bindnet_event *event);

// Begins to ask whether another host claims an address of this host.
//
// `interface_name` is NULL for the interface that has the address, or a name or an alternative name
// as the kernel has it, byte for byte. `timing` is a number of enum bindnet_timings.
//
// That it may not be asked, or cannot on this link, is no error but a verdict.
enum bindnet_result bindnet_detector_new(const char *address,
                                         const char *interface_name,
                                         int timing,
                                         struct bindnet_detector **detector);

// Begins to ask whether another host claims an address that this host is about to take, on the
// interface of this name or alternative name, which is as the kernel has it, byte for byte. Ask right
// before it is taken, and no sooner.
//
// `timing` is a number of enum bindnet_timings. That it may not be asked, or cannot on this link, is
// no error but a verdict.
enum bindnet_result bindnet_detector_new_before_use(const char *address,
                                                    const char *interface_name,
                                                    int timing,
                                                    struct bindnet_detector **detector);

// The fd to wait for: when it is readable, bindnet_detector_next_event is to be called until it has
// no event. It belongs to the detector: do not read from it, do not close it.
enum bindnet_result bindnet_detector_fd(const struct bindnet_detector *detector, int *fd);

// Receives what there is, sends what is due, and gives the next event; BINDNET_NONE where there is
// none. It does not wait.
//
// BINDNET_SYSTEM and BINDNET_AGAIN: it can be called again, and the fd becomes readable for that.
enum bindnet_result bindnet_detector_next_event(struct bindnet_detector *detector,
                                                struct bindnet_conflict **conflict);

// Frees a detector and closes its fds; NULL is fine.
void bindnet_detector_free(struct bindnet_detector *detector);

// The verdict: a number of enum bindnet_conflict_verdicts. A claim that is heard afterwards is a
// conflict, and while nothing can be heard it is inconclusive.
enum bindnet_result bindnet_conflict_verdict(const struct bindnet_conflict *conflict, int *verdict);

// The hardware address that claims the address, 6 bytes, and how that was heard: a number of enum
// bindnet_sightings. `how` may be NULL. BINDNET_NONE where nobody does, or it is not known who.
enum bindnet_result bindnet_conflict_mac(const struct bindnet_conflict *conflict,
                                         uint8_t *mac,
                                         int *how);

// How often the claim was heard from that hardware address until now: 1 or more. BINDNET_NONE for
// what is no claim: a verdict, and that nothing can be heard.
enum bindnet_result bindnet_conflict_count(const struct bindnet_conflict *conflict,
                                           uint64_t *count);

// How long after the detector was made, in milliseconds.
enum bindnet_result bindnet_conflict_elapsed(const struct bindnet_conflict *conflict,
                                             uint64_t *milliseconds);

// Why, in words; BINDNET_NONE where the verdict is clear.
enum bindnet_result bindnet_conflict_reason(const struct bindnet_conflict *conflict,
                                            char *buffer,
                                            size_t size,
                                            size_t *needed);

// Tells what was found on one line, for a log.
enum bindnet_result bindnet_conflict_text(const struct bindnet_conflict *conflict,
                                          char *buffer,
                                          size_t size,
                                          size_t *needed);

// Writes what was found as JSON, bindnet-conflict/1, on one line.
enum bindnet_result bindnet_conflict_json(const struct bindnet_conflict *conflict,
                                          char *buffer,
                                          size_t size,
                                          size_t *needed);

// Frees what was found; NULL is fine.
void bindnet_conflict_free(struct bindnet_conflict *conflict);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* BINDNET_H */
