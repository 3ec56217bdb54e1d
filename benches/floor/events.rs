//! The monitor: what an event costs, what bringing the snapshot up to date costs, and what a
//! tracker makes of it.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use bindnet::Selector;
use bindnet::choice::Tracker;
use bindnet::live::Monitor;
use ipnet::IpNet;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::hosts;
use crate::kernel::{Floor, route_socket};
use crate::listener::Listener;
use crate::netns::{self, AddressRequest, Changer, cable, ip_batch};
use crate::report::{Limit, Report};
use crate::timing::{Patience, Way, medians, quantile, ratio};

/// How many events wait to be received; the kernel's default buffer holds some 256.
const WAITING: usize = 200;

/// So many are lost in part.
const TOO_MANY: usize = 400;

/// How many bytes an address takes, with all that is known of it: IPv4, IPv6.
const ROW: [usize; 2] = [56, 112];

/// `IFA_FLAGS` (linux/if_addr.h) and its `IFA_F_NODAD`.
const IFA_FLAGS: u16 = 8;
const IFA_F_NODAD: u32 = 0x02;

/// How long the kernel may take to tell of a change.
const SOON: u16 = 10_000;

/// All rows.
pub fn run(report: &mut Report, patience: Patience) {
    let on = |host: &mut (dyn FnMut() + Send)| netns::run(host).expect("a network namespace");
    on(&mut || receiving(report, patience));
    for ipv6 in [false, true] {
        let family = if ipv6 { "IPv6" } else { "IPv4" };
        for (dirty, count) in [(10, "10"), (1_000, "1 000")] {
            on(&mut || {
                let what = format!("{family}: {count} addresses");
                Staged::new(ipv6, dirty, 0).refresh(report, patience, &what, "eth0", 0);
            });
        }
        on(&mut || {
            let host = Staged::new(ipv6, 10, 10_000);
            let what = format!("{family}: 10 addresses before 10 000 on another of 100 links");
            host.refresh(report, patience, &what, "eth0", 10_000);
            let what = format!("{family}: 10 addresses behind 10 000 on another of 100 links");
            host.refresh(report, patience, &what, "eth1", 0);
        });
    }
    on(&mut || {
        hosts::addresses(10_000);
        overrun(report, patience);
        tracking(report, patience);
    });
}

/// Events that are received and noted, and not acted on yet.
fn receiving(report: &mut Report, patience: Patience) {
    hosts::addresses(1);
    let mut change = Change::on("eth0", false);
    let monitor = Monitor::with_capturer(netns::capturer()).expect("a monitor");
    let mut monitor = monitor.debounce(Duration::from_secs(3600));
    let mut listener = Listener::open();
    let [floor, ours] = after(
        patience,
        || (0..WAITING).for_each(|_| change.make()),
        [
            Box::new(|| assert!(listener.discard() >= WAITING)),
            Box::new(|| assert!(monitor.dispatch().expect("events").is_none())),
        ],
    );
    assert_eq!(monitor.overruns(), 0);
    let each = floor / WAITING as u32;
    report.heading(&format!("{WAITING} events: recv(2) of one is {each:.1?}"));
    let what = "received and noted, beside recv(2) alone";
    report.row(what, ratio(ours, floor), Limit::AtMost(1.3));
}

/// A host of one family.
struct Staged {
    ipv6: bool,
    /// Whether most of the addresses are on other links than those that change.
    crowded: bool,
}

impl Staged {
    /// `eth0` with so many addresses. With others there are, in this order: `eth0`, 94 links, a
    /// link with the others, and `eth1`, which is like `eth0`.
    fn new(ipv6: bool, dirty: usize, others: usize) -> Self {
        let crowded = others > 0;
        cable("eth0");
        if crowded {
            let pairs = (0..47).map(|at| format!("link add v{at} type veth peer name w{at}"));
            ip_batch(pairs.chain(["link add many0 type bridge".to_owned()]));
            cable("eth1");
        }
        let add = |net: IpNet, link: &str| {
            let nodad = if ipv6 { "nodad" } else { "" };
            format!("addr add {net} dev {link} {nodad}")
        };
        let on = |link: usize| {
            (0..dirty).map(move |at| add(nth(ipv6, link << 16 | at << 8), &format!("eth{link}")))
        };
        let many = (0..others).map(|at| add(host(ipv6, 0x80_0000 | at), "many0"));
        ip_batch(many.chain(on(0)).chain(on(1).filter(|_| crowded)));
        Self { ipv6, crowded }
    }

    /// One address of a link comes or goes, and the link is asked about; `behind` it so many others
    /// move up or down in memory.
    fn refresh(
        &self,
        report: &mut Report,
        patience: Patience,
        what: &str,
        link: &str,
        behind: usize,
    ) {
        let (family, row) = match self.ipv6 {
            false => (libc::AF_INET, ROW[0]),
            true => (libc::AF_INET6, ROW[1]),
        };
        let index = netns::link(link).index();
        let mut change = Change::on(link, self.ipv6);
        let (mut listener, socket) = (Listener::open(), route_socket());
        let mut floor = Floor::on_link(family, index);
        let monitor = Monitor::with_capturer(netns::capturer()).expect("a monitor");
        let mut monitor = monitor.debounce(Duration::ZERO);
        let mut capturer = netns::capturer();
        let mut rows = vec![0u8; (behind + 1) * row];
        let end = behind * row;
        let heard = [monitor.as_fd(), listener.socket.as_fd()];
        let heard = heard.map(|fd| fd.try_clone_to_owned().expect("an fd"));
        let [floor, ours, whole] = after(
            patience,
            || {
                change.make();
                heard.iter().for_each(wait);
            },
            [
                Box::new(|| {
                    listener.discard();
                    floor.dump_on(&socket);
                    listener.discard();
                    black_box(&mut rows).copy_within(..end, row);
                }),
                Box::new(|| assert!(monitor.dispatch().expect("a snapshot").is_some())),
                Box::new(|| drop(black_box(capturer.capture().expect("a snapshot")))),
            ],
        );
        let floor_is = match behind {
            0 => "an event and a dump of the link",
            _ => "an event, a dump of the link and a memmove",
        };
        report.heading(&format!("{what}: {floor_is} take {floor:.1?}"));
        // Among 10 000 it depends on what others leave in the caches.
        let (most, least) = match self.crowded {
            false => (1.3, Limit::None),
            true => (3.0, Limit::AtLeast(10.0)),
        };
        let what = "an address comes or goes, beside that";
        report.row(what, ratio(ours, floor), Limit::AtMost(most));
        report.row("times cheaper than a capture", ratio(whole, ours), least);
    }
}

/// Events were lost, and the whole host is asked.
fn overrun(report: &mut Report, patience: Patience) {
    let mut change = Change::on("eth0", false);
    let monitor = Monitor::with_capturer(netns::capturer()).expect("a monitor");
    let mut monitor = monitor.debounce(Duration::ZERO);
    let mut capturer = netns::capturer();
    let [whole, ours] = after(
        patience,
        || (0..TOO_MANY).for_each(|_| change.make()),
        [
            Box::new(|| drop(black_box(capturer.capture().expect("a snapshot")))),
            Box::new(|| assert!(monitor.dispatch().expect("a snapshot").is_some())),
        ],
    );
    assert!(monitor.overruns() > 0);
    report.heading("10 000 addresses");
    let what = "events were lost: dispatch, beside a capture";
    report.row(what, ratio(ours, whole), Limit::AtMost(1.3));
}

/// A snapshot that changes nothing.
fn tracking(report: &mut Report, patience: Patience) {
    let host = netns::capture();
    let selector = Selector::new(hosts::BINDNET.parse().expect("a bindnetaddr"));
    let mut tracker = Tracker::new(selector.clone());
    assert!(tracker.update(&host).is_some());
    let selector = selector.previous(tracker.choice().expect("a choice").scoped_addr());
    let [decide, update] = medians(
        patience,
        || {},
        [
            Box::new(|| {
                for _ in 0..WAITING {
                    drop(black_box(selector.decide(black_box(&host))));
                }
            }),
            Box::new(|| {
                for _ in 0..WAITING {
                    assert!(tracker.update(black_box(&host)).is_none());
                }
            }),
        ],
    );
    let what = "Tracker::update that changes nothing, beside decide";
    report.row(what, ratio(update, decide), Limit::AtMost(3.0));
}

/// The medians of some ways, which all take in every change: each way is the first to do so, after
/// a change for which it was the last, so that what others left in the caches counts for nobody.
fn after<const N: usize>(
    patience: Patience,
    mut change: impl FnMut(),
    mut ways: [Way<'_>; N],
) -> [Duration; N] {
    let mut times = [const { Vec::new() }; N];
    for _ in patience.rounds() {
        for times in &mut times {
            ways.rotate_left(1);
            change();
            ways.iter_mut().for_each(|way| way());
            change();
            let [others @ .., way] = &mut ways[..] else {
                unreachable!("there are ways");
            };
            let start = Instant::now();
            way();
            times.push(start.elapsed());
            others.iter_mut().for_each(|way| way());
        }
        // What came in this round goes in the next one.
        change();
        ways.iter_mut().for_each(|way| way());
    }
    times.map(|times| quantile(times, 0.5))
}

/// An address that comes and goes by turns, behind the others of its link for IPv4 and before them
/// for IPv6.
struct Change {
    changer: Changer,
    address: AddressRequest,
    is_there: bool,
}

impl Change {
    fn on(link: &str, ipv6: bool) -> Self {
        let net = if ipv6 {
            "2001:db8:ffff::1/64"
        } else {
            "198.51.100.1/24"
        };
        let net = net.parse().expect("a network");
        let address = AddressRequest::new(net, netns::link(link).index());
        let address = match ipv6 {
            true => address.with(IFA_FLAGS, &IFA_F_NODAD.to_ne_bytes()),
            false => address,
        };
        Self {
            changer: Changer::open(),
            address,
            is_there: false,
        }
    }

    fn make(&mut self) {
        let changed = match self.is_there {
            false => self.changer.add(&self.address),
            true => self.changer.delete(&self.address),
        };
        changed.expect("a change");
        self.is_there = !self.is_there;
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        if self.is_there {
            self.make();
        }
    }
}

fn wait(fd: &OwnedFd) {
    let mut fds = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
    let ready = poll(&mut fds, PollTimeout::from(SOON));
    assert_eq!(ready, Ok(1), "fd {} hears of the change", fd.as_raw_fd());
}

/// An address in a network of its own; numbers are told apart by their upper bits.
fn nth(ipv6: bool, at: usize) -> IpNet {
    let prefix_len = if ipv6 { 64 } else { 24 };
    IpNet::new(host(ipv6, at | 1).addr(), prefix_len).expect("a prefix")
}

/// The host prefix with this number.
fn host(ipv6: bool, at: usize) -> IpNet {
    let at = at as u32;
    let ip = match ipv6 {
        false => IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 | at)),
        true => Ipv6Addr::from_bits(0x2001_0db8_0001 << 80 | u128::from(at) << 56 | 1).into(),
    };
    IpNet::from(ip)
}
