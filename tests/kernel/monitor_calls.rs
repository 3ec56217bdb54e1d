//! What a monitor asks the kernel, which strace(1) lists: nothing where nothing has changed, else
//! what has, and the whole host only where events were lost.

use bindnet_tests::{netns, strace, watched};
#[allow(dead_code)] // Other tests count receives.
use std::os::fd::AsRawFd;

use netns::{AddressRequest, Changer, cable, link, settle};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, sendto, socket,
};
use strace::Call;
use watched::{dispatch_until_quiet, is_readable, monitor};

// linux/rtnetlink.h, linux/socket.h
const RTM_GETLINK: u16 = 18;
const RTM_GETADDR: u16 = 22;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// A request: the kind, whether it is a dump, the family and the link.
type Request = (u16, bool, u8, u32);

/// Changes `eth0` as it is told.
fn change(told: &str) {
    let changer = Changer::open();
    let eth0 = link("eth0").index();
    let add = |net: String| {
        let request = AddressRequest::new(net.parse().unwrap(), eth0);
        changer.add(&request).unwrap();
    };
    match told {
        "nothing" => {}
        "an IPv4 address" => add("192.0.2.10/24".to_owned()),
        "an IPv6 address" => {
            add("2001:db8::10/64".to_owned());
            // The kernel tells of it twice.
            settle();
        }
        "many" => (0..100).for_each(|n| add(format!("10.0.{n}.1/24"))),
        "the link" => switch_arp_off(eth0),
        other => panic!("{other}"),
    }
}

/// Sets a flag of a link (`RTM_SETLINK`), by no other program: that would be traced, too.
fn switch_arp_off(link: u32) {
    let (len, kind, request, noarp) = (32u32, 19u16, 1u16, 0x80u32);
    let header = [len.to_ne_bytes().to_vec(), kind.to_ne_bytes().to_vec()].concat();
    let header = [header, request.to_ne_bytes().to_vec(), vec![0; 12]].concat();
    let body = [link, noarp, noarp].map(u32::to_ne_bytes).concat();
    let (flags, protocol) = (SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute);
    let fd = socket(AddressFamily::Netlink, SockType::Raw, flags, protocol).unwrap();
    let (message, kernel) = ([header, body].concat(), NetlinkAddr::new(0, 0));
    sendto(fd.as_raw_fd(), &message, &kernel, MsgFlags::empty()).unwrap();
}

/// The test that is traced: the host changes, and a monitor dispatches once.
#[test]
fn traced() {
    let Some(told) = strace::told() else {
        return;
    };
    let mut monitor = monitor().receive_buffer(16 * 1024).unwrap();
    change(&told);
    let changed = is_readable(&monitor, Default::default());
    assert_eq!(changed, told != "nothing");
    strace::mark();
    let dispatched = monitor.dispatch().unwrap().is_some();
    strace::mark();
    assert_eq!(dispatched, changed);
    assert_eq!(monitor.overruns(), u64::from(told == "many"));
}

/// A link of which nothing more is to be heard.
fn stage() {
    cable("eth0");
    dispatch_until_quiet(&mut monitor());
}

/// The calls of a dispatch after a change.
fn trace(told: &str) -> Vec<Call> {
    let [calls] = strace::trace(&bindnet_tests::test_name(module_path!(), "traced"), told)
        .try_into()
        .expect("one part");
    calls
}

/// What is asked in a dispatch after a change.
fn requests(told: &str) -> Vec<Request> {
    let sent = trace(told).into_iter().map(|call| call.sent);
    sent.filter(|sent| !sent.is_empty()).map(request).collect()
}

fn request(sent: Vec<u8>) -> Request {
    let kind = u16::from_ne_bytes([sent[4], sent[5]]);
    let is_dump = u16::from_ne_bytes([sent[6], sent[7]]) & 0x300 == 0x300;
    let index = u32::from_ne_bytes(sent[20..24].try_into().unwrap());
    (kind, is_dump, sent[16], index)
}

#[test]
fn without_a_change_it_looks_once() {
    strace::run(|| {
        stage();
        let calls = trace("nothing");
        let names: Vec<_> = calls.iter().map(|call| call.name.as_str()).collect();
        assert_eq!(names, ["recvfrom"]);
    });
}

#[test]
fn an_address_costs_one_request() {
    strace::run(|| {
        stage();
        let eth0 = link("eth0").index();
        for (told, family) in [("an IPv4 address", AF_INET), ("an IPv6 address", AF_INET6)] {
            assert_eq!(requests(told), [(RTM_GETADDR, true, family, eth0)]);
        }
    });
}

#[test]
fn a_link_costs_one_request_and_two_for_its_addresses() {
    strace::run(|| {
        stage();
        let eth0 = link("eth0").index();
        let expected = [
            (RTM_GETLINK, false, 0, eth0),
            (RTM_GETADDR, true, AF_INET, eth0),
            (RTM_GETADDR, true, AF_INET6, eth0),
        ];
        assert_eq!(requests("the link"), expected);
    });
}

#[test]
fn lost_events_cost_one_dump_of_each_list() {
    strace::run(|| {
        stage();
        let expected = [
            (RTM_GETLINK, true, 0, 0),
            (RTM_GETADDR, true, AF_INET, 0),
            (RTM_GETADDR, true, AF_INET6, 0),
        ];
        assert_eq!(requests("many"), expected);
    });
}
