//! What asking costs in system calls, which strace(1) lists, on hosts that the tests stage in
//! network namespaces of their own.
//!
//! A dump is one request and, whatever the size of the host, as many receives as it takes
//! datagrams of 32 KiB; each link of a candidate is four ioctls, and one that the selector names is
//! asked for by its name once. A kept capturer calls nothing else about candidates on one link;
//! `system_calls_links.rs` has those about several.
//!
//! A name from outside goes into no ioctl: if no link has it, the kernel loads a module of that name.

use bindnet_tests::{cli, extern_c, many, netns, strace};

use std::collections::BTreeSet;
use std::fs::File;
use std::time::Duration;

use bindnet::Keeper;
use bindnet::conflict::Target;
use bindnet::live::Detector;
use many::{Many, SIZES, selector};
use netns::{cable, capturer, ip, ip_batch};
use strace::Call;

/// What opening a socket may take, each of them once. The request that does nothing makes the
/// kernel see how much room there is for datagrams.
const OPENING: [&str; 6] = [
    "socket",
    "setsockopt",
    "bind",
    "getsockname",
    "RTM_GETADDR, no dump",
    "receive",
];

/// A dump of the addresses, with its datagrams.
pub const DUMP: [&str; 2] = ["RTM_GETADDR", "receive"];

/// A dump of the links, or the request for one by its name.
pub const LINK_DUMP: [&str; 2] = ["RTM_GETLINK", "receive"];

/// A link by its index. The name again shows whether it was renamed meanwhile.
pub const LINK: [&str; 4] = [
    "SIOCGIFNAME",
    "SIOCGIFFLAGS",
    "SIOCGIFHWADDR",
    "SIOCGIFNAME",
];

/// A datagram that another one follows is longer than this. Of 32 KiB the kernel keeps less than
/// 1 KiB for itself (`struct skb_shared_info`), and it begins another datagram where the next
/// address does not fit, which takes at most 112 bytes (`inet_nlmsg_size` of Linux).
const FULL: usize = 30 << 10;

/// The least that an IPv4 address takes: `struct nlmsghdr`, `struct ifaddrmsg`, `IFA_ADDRESS`,
/// `IFA_LOCAL`, `IFA_FLAGS` and `IFA_CACHEINFO`.
const LEAST: usize = 16 + 8 + 8 + 8 + 8 + 20;

/// What the traced test is told where it shall open a file and close it.
const CONTROL: &str = "control";

/// The test that is traced: a new capturer decides, and then decides again.
#[test]
fn traced() {
    let Some(question) = strace::told() else {
        return;
    };
    if question == CONTROL {
        strace::mark();
        drop(File::open("/dev/null").unwrap());
        strace::mark();
        return;
    }
    let selector = selector(&question);
    strace::mark();
    let mut live = capturer();
    let new = live.decide(&selector).unwrap();
    strace::mark();
    let kept = live.decide(&selector).unwrap();
    strace::mark();
    assert_eq!(new, kept);
}

/// The calls of a new capturer, the allocator's left out, and of a kept one.
pub fn trace(question: &str) -> [Vec<Call>; 2] {
    let parts = strace::trace(
        &bindnet_tests::test_name(module_path!(), "traced"),
        question,
    );
    let [mut new, kept] = parts.try_into().expect("two parts");
    new.retain(|call| !call.is_memory());
    [new, kept]
}

/// The calls in words: what is requested or asked of a link, and receives, of which those in a row
/// are one step.
pub fn steps(calls: &[Call]) -> Vec<String> {
    let mut steps: Vec<String> = calls.iter().map(step).collect();
    steps.dedup_by(|a, b| a == b && a == "receive");
    steps
}

fn step(call: &Call) -> String {
    let word = match call.name.as_str() {
        "recvmsg" | "recvfrom" => "receive",
        "ioctl" => call.arguments.split(", ").nth(1).unwrap(),
        "sendto" | "sendmsg" => match u16::from_ne_bytes([call.sent[4], call.sent[5]]) {
            18 => "RTM_GETLINK",
            22 if call.sent[7] & 0x3 == 0 => "RTM_GETADDR, no dump",
            22 => "RTM_GETADDR",
            other => panic!("nlmsg_type {other}"),
        },
        name => name,
    };
    word.to_owned()
}

/// The lengths of the datagrams that the first dump of addresses brought.
fn datagrams(calls: &[Call]) -> Vec<usize> {
    let calls = calls.iter().skip_while(|call| step(call) != DUMP[0]);
    let received = calls.skip(1).take_while(|call| call.is_receive());
    received
        .map(|call| usize::try_from(call.returned).expect("a datagram"))
        .collect()
}

/// Requires that a new capturer opens its socket, and then does as it does when it is kept.
pub fn assert_opens(new: &[Call], then: &[String]) {
    let steps = steps(new);
    let opening = steps.strip_suffix(then);
    let opening = opening.unwrap_or_else(|| panic!("{steps:?} do not end in {then:?}"));
    let known: BTreeSet<_> = opening
        .iter()
        .filter(|step| OPENING.contains(&step.as_str()))
        .collect();
    assert_eq!(known.len(), opening.len(), "{opening:?}");
    assert_eq!(opening.first().map(String::as_str), Some("socket"));
}

/// Requires that there are no more datagrams than need be. The first may come before the kernel
/// knows how much room there is, the last has the rest, and `NLMSG_DONE` may follow by itself.
fn assert_full(datagrams: &[usize], addresses: usize) {
    let bytes: usize = datagrams.iter().sum();
    assert!(bytes > addresses * LEAST, "{datagrams:?}");
    let mut between = datagrams.iter().skip(1).rev().skip(2);
    assert!(between.all(|len| *len > FULL), "{datagrams:?}");
    assert!(datagrams.len() <= bytes / FULL + 3, "{datagrams:?}");
}

#[test]
fn strace_lists_every_call() {
    strace::run(|| {
        let parts = strace::trace(&bindnet_tests::test_name(module_path!(), "traced"), CONTROL);
        let names = parts[0].iter().map(|call| call.name.as_str());
        // With debug assertions the standard library looks before it closes.
        let names: Vec<_> = names.filter(|name| *name != "fcntl").collect();
        assert_eq!((parts.len(), &names[..]), (1, &["openat", "close"][..]));
    });
}

#[test]
fn more_addresses_are_more_datagrams_and_nothing_else() {
    strace::run(|| {
        let mut host = Many::stage(false);
        for size in SIZES {
            host.grow(size);
            let [new, kept] = trace("192.0.2.0");
            assert_eq!(steps(&kept), [&DUMP[..], &LINK].concat());
            assert_opens(&new, &steps(&kept));
            for calls in [&new, &kept] {
                assert_full(&datagrams(calls), size);
            }
        }
    });
}

#[test]
fn every_question_costs_what_it_needs() {
    strace::run(|| {
        // A kept capturer knows the index of a link that it has found by its name.
        let by_name = [LINK_DUMP, DUMP].concat();
        let by_index = [&LINK[..], &DUMP].concat();
        let once = [&DUMP[..], &LINK].concat();
        Many::stage(false).grow(10_000);
        for (question, expected) in [
            ("192.0.2.0", once.clone()),
            ("192.0.2.0 after 192.0.2.10", once.clone()),
            // A choice that is missing is looked for three times.
            ("192.0.2.0 after 192.0.2.99", once.repeat(3)),
            ("198.51.100.0", once.clone()),
            ("192.0.2.0 on absent", LINK_DUMP.to_vec()),
            // A number in a text may be a name; a scope id is an index, and the choice is missing.
            ("fe80::%1", [&LINK_DUMP[..], &LINK, &DUMP].concat()),
            ("fe80:: bound [fe80::1%1]:0", by_index.repeat(3)),
            // A host prefix that is inside no network.
            ("10.0.0.1", once.clone()),
        ] {
            let [new, kept] = trace(question);
            assert_eq!(steps(&kept), expected, "{question}");
            assert_opens(&new, &steps(&kept));
        }
        let [new, kept] = trace("192.0.2.0 on eth0");
        assert_eq!(steps(&kept), by_index);
        let by_name: Vec<_> = by_name.into_iter().map(str::to_owned).collect();
        assert_opens(&new, &by_name);
        // The kernel lists the addresses of the link alone.
        let bytes: usize = datagrams(&kept).iter().sum();
        assert!((LEAST..3 * LEAST).contains(&bytes), "{bytes} bytes");
    });
}

/// A list that comes in one datagram is one that the kernel had at one moment.
#[test]
fn two_hundred_and_fifty_addresses_come_in_one_datagram() {
    const COUNT: usize = 250;
    // As long as they get: besides, `IFA_BROADCAST`, `IFA_LABEL` of 15 bytes and a NUL, and
    // `IFA_RT_PRIORITY`.
    let each = LEAST + 8 + 20 + 8;
    strace::run(|| {
        cable("eth0");
        ip_batch((0..COUNT).map(|n| {
            let rest = "metric 100 label eth0:0123456789 dev eth0";
            format!("addr add 10.0.{n}.1/24 broadcast 10.0.{n}.255 {rest}")
        }));
        let parts = trace("10.0.7.0");
        for calls in &parts {
            let datagrams = datagrams(calls);
            assert!(datagrams[0] >= COUNT * each, "{datagrams:?}");
            // NLMSG_DONE may come with them or by itself.
            let done: usize = datagrams[1..].iter().sum();
            assert!(datagrams.len() <= 2 && done < LEAST, "{datagrams:?}");
        }
    });
}

/// Names of links as an operator may write them: of none, the index of one in their place, that of
/// none, and two of `eth0` (the ioctls of netdevice(7) cut a name at its colon).
const NAMES: [&str; 5] = ["absent", "1", "99", "eth0", "eth0:1"];

/// The test that is traced: whatever takes the name of a link from outside takes this one.
#[test]
fn traced_drivers() {
    let Some(name) = strace::told() else {
        return;
    };
    let questions = [
        format!("192.0.2.0 on {name}"),
        format!("fe80::%{name}"),
        format!("fe80::%{name} on {name}"),
        format!("fe80:: after fe80::10%{name}"),
    ];
    strace::mark();
    let mut live = capturer();
    for question in &questions {
        let selector = selector(question);
        for _ in 0..2 {
            let _ = live.decide(&selector).unwrap();
        }
        let mut keeper = Keeper::builder(selector).open().unwrap();
        keeper.wait(Duration::ZERO).unwrap();
    }
    let (own, free) = ("192.0.2.10".parse().unwrap(), "192.0.2.77".parse().unwrap());
    for target in [
        Target::own_on(own, name.parse().unwrap()),
        Target::free(free, name.parse().unwrap()),
        Target::own(format!("fe80::10%{name}").parse().unwrap()),
    ] {
        drop(Detector::watch(target.unwrap()).unwrap());
    }
    by_c(&name);
    strace::mark();
}

/// The same by the C API.
fn by_c(name: &str) {
    use extern_c::*;
    let mut live = Owned::capturer();
    let mut on_link = Owned::selector("192.0.2.0");
    on_link.set(bindnet_selector_interface, name);
    let zone = Owned::selector(&format!("fe80::%{name}"));
    let mut after = Owned::selector("fe80::");
    after.set(bindnet_selector_previous, &format!("fe80::10%{name}"));
    for selector in [&on_link, &zone, &after] {
        drop(Owned::decided_here(&mut live, selector));
        drop(Owned::monitor(selector, 0));
    }
    drop(Owned::detector("192.0.2.10", name.as_bytes()));
}

/// Where a link has not the name that an ioctl is about, the kernel may load a module of that
/// name (`dev_load` of Linux): requires that the kernel has named such a link before.
fn assert_names_are_the_kernels(calls: &[Call], of: &str) {
    let mut known = BTreeSet::new();
    for call in calls.iter().filter(|call| call.name == "ioctl") {
        let name = call.arguments.split_once("ifr_name=").map(|(_, name)| name);
        let asked = call.arguments.split(", ").nth(1).unwrap_or_default();
        match name.and_then(|name| name.split('"').nth(1)) {
            Some(name) if asked == "SIOCGIFNAME" => drop(known.insert(name)),
            Some(name) => assert!(known.contains(name), "{of}: {}", call.arguments),
            None => assert!(!asked.starts_with("SIOC") || call.returned < 0, "{call:?}"),
        }
    }
}

#[test]
fn a_name_from_outside_goes_into_no_ioctl() {
    strace::run(|| {
        cable("eth0");
        ip("link set lo up");
        ip("addr add 192.0.2.10/24 dev eth0");
        ip("addr add fe80::10/64 dev eth0 nodad");
        for name in NAMES {
            for calls in strace::trace(
                &bindnet_tests::test_name(module_path!(), "traced_drivers"),
                name,
            ) {
                assert_names_are_the_kernels(&calls, name);
                let named =
                    |call: &Call| call.sent.windows(name.len()).any(|w| w == name.as_bytes());
                assert!(calls.iter().any(named), "{name} is asked for");
            }
            let zone = format!("fe80::10%{name}");
            for words in [
                &["preview", "192.0.2.0", "--interface", name][..],
                &[
                    "preview",
                    "192.0.2.0",
                    "--interface",
                    name,
                    "--wait",
                    "0.25",
                ],
                &[
                    "preview",
                    "192.0.2.0",
                    "--interface",
                    name,
                    "--source",
                    "getifaddrs",
                ],
                &["preview", &zone],
                &["preview", "fe80::", "--previous", &zone],
                &["watch", "--for", "0", "192.0.2.0", "--interface", name],
                &["watch", "--for", "0", &zone],
                &[
                    "conflict",
                    "--timing",
                    "fast",
                    "192.0.2.10",
                    "--interface",
                    name,
                ],
                &["conflict", "--timing", "fast", &zone],
            ] {
                let [program, arguments @ ..] = words else {
                    panic!("{words:?}");
                };
                let calls = strace::program(cli::example(program).args(arguments));
                assert_names_are_the_kernels(&calls, &words.join(" "));
            }
        }
    });
}
