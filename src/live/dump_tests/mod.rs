//! Dumps over a transport that follows a script.

mod fake;

use super::*;
use crate::snapshot::Family;
use crate::wire::rtnetlink::request_addresses;
use fake::{Fake, Part, SCRIPT, Script, Step};

const INTR: u16 = 0x10;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLMSG_OVERRUN: u16 = 4;
const RTM_NEWADDR: u16 = 20;

/// 192.0.2.`last`/24 on link 2.
fn address(last: u8) -> Part {
    let mut body = vec![2, 24, 0x80, 0];
    body.extend(2u32.to_ne_bytes());
    body.extend(8u16.to_ne_bytes());
    body.extend(2u16.to_ne_bytes());
    body.extend([192, 0, 2, last]);
    Part::new(RTM_NEWADDR, &body)
}

fn done() -> Part {
    Part::new(NLMSG_DONE, &0i32.to_ne_bytes())
}

/// NLMSG_ERROR with the header of the request.
fn error(errno: i32) -> Part {
    let mut body = (-errno).to_ne_bytes().to_vec();
    body.extend(16u32.to_ne_bytes());
    body.extend([0; 12]);
    Part::new(NLMSG_ERROR, &body)
}

/// The addresses of the last pass, and how many passes were begun.
#[derive(Debug, Default, PartialEq)]
struct Passes {
    begun: u32,
    last: Vec<u8>,
}

/// Dumps once with `dumper`.
fn dump(dumper: &mut Dumper<Fake>) -> (Result<bool, KernelError>, Passes) {
    let dump = Dump {
        what: "the addresses",
        request: &|sequence| request_addresses(Family::V4, None, sequence),
        is_acknowledged: false,
        restart: &|passes: &mut Passes| {
            passes.begun += 1;
            passes.last.clear();
        },
        each: &|passes: &mut Passes, frame| {
            let address = frame.new_address::<u32>()?;
            passes.last.extend(address.map(|entry| entry.ip as u8));
            Ok(())
        },
    };
    let bound = Bound {
        attempts: 3,
        timeout: Duration::from_millis(20),
    };
    let mut passes = Passes::default();
    let result = dumper.dump(&dump, bound, &mut passes);
    (result, passes)
}

/// A new dumper, with nothing done yet.
fn fresh() -> Dumper<Fake> {
    SCRIPT.set(Script::default());
    Dumper::open().unwrap()
}

/// Dumps once with a new dumper and these steps.
fn dump_once(steps: impl IntoIterator<Item = Step>) -> (Result<bool, KernelError>, Passes) {
    dump_again(&mut fresh(), steps)
}

/// Dumps with these steps and a dumper that may have dumped before.
fn dump_again(
    dumper: &mut Dumper<Fake>,
    steps: impl IntoIterator<Item = Step>,
) -> (Result<bool, KernelError>, Passes) {
    SCRIPT.with_borrow_mut(|script| script.steps = steps.into_iter().collect());
    dump(dumper)
}

/// Dumps with a new dumper and one step that is repeated for ever.
fn for_ever(step: Step) -> (Result<bool, KernelError>, Passes) {
    let mut dumper = fresh();
    SCRIPT.with_borrow_mut(|script| script.for_ever = Some(step));
    dump(&mut dumper)
}

fn opened() -> u32 {
    SCRIPT.with_borrow(|script| script.opened)
}

fn sent() -> u32 {
    SCRIPT.with_borrow(|script| script.sent)
}

fn passes(begun: u32, last: &[u8]) -> Passes {
    let last = last.to_vec();
    Passes { begun, last }
}

/// A dump that is whole, and an address of it.
fn whole(last: u8) -> Step {
    Step::Got(vec![address(last), done()])
}

#[test]
fn a_clean_dump() {
    let (clean, list) = dump_once([
        Step::Got(vec![address(1), address(2)]),
        Step::Got(vec![address(3)]),
        Step::Got(vec![done()]),
    ]);
    assert!(clean.unwrap());
    assert_eq!(list, passes(1, &[1, 2, 3]));
    assert_eq!((opened(), sent()), (1, 1));
}

#[test]
fn the_socket_is_kept_and_the_sequence_goes_on() {
    let dumper = &mut fresh();
    for sequence in 1..4 {
        let (clean, list) = dump_again(dumper, [whole(1)]);
        assert_eq!((clean.unwrap(), list), (true, passes(1, &[1])));
        assert_eq!(SCRIPT.with_borrow(|script| script.sequence), sequence);
    }
    assert_eq!(opened(), 1);
}

#[test]
fn an_interrupted_dump_is_repeated() {
    let (clean, list) = dump_once([
        Step::Got(vec![address(1)]),
        Step::Got(vec![address(2).flags(INTR), done()]),
        whole(3),
    ]);
    assert!(clean.unwrap());
    assert_eq!(list, passes(2, &[3]));
    // It is over, so that its socket is good for the next one.
    assert_eq!((opened(), sent()), (1, 2));
}

#[test]
fn the_mark_counts_on_any_message_of_the_dump_and_on_no_other() {
    let (clean, list) = dump_once([Step::Got(vec![address(1), done().flags(INTR)]), whole(2)]);
    assert_eq!((clean.unwrap(), list), (true, passes(2, &[2])));
    let foreign = address(1).flags(INTR).off(1, 0);
    let (clean, list) = dump_once([Step::Got(vec![foreign, address(2), done()])]);
    assert_eq!((clean.unwrap(), list), (true, passes(1, &[2])));
}

#[test]
fn a_dump_that_is_always_interrupted_ends_and_says_so() {
    let (clean, list) = for_ever(Step::Got(vec![address(1).flags(INTR), done()]));
    assert!(!clean.unwrap());
    assert_eq!(list, passes(3, &[1]));
    assert_eq!((opened(), sent()), (1, 3));
}

#[test]
fn lost_datagrams_repeat_the_dump_on_a_new_socket() {
    let losses: [Step; 4] = [
        Step::Fails(Errno::ENOBUFS),
        Step::Got(vec![address(2), Part::new(NLMSG_OVERRUN, &[])]),
        Step::Got(vec![address(2), Part::new(NLMSG_OVERRUN, &[]).off(9, 9)]),
        Step::Got(vec![error(Errno::EBUSY as i32)]),
    ];
    for loss in losses {
        let (clean, list) = dump_once([Step::Got(vec![address(1)]), loss, whole(3)]);
        assert_eq!((clean.unwrap(), list), (true, passes(2, &[3])));
        assert_eq!((opened(), sent()), (2, 2));
    }
}

#[test]
fn a_dump_that_is_always_lost_ends_in_an_error() {
    let (result, list) = for_ever(Step::Fails(Errno::ENOBUFS));
    assert!(matches!(result, Err(KernelError::Lost { .. })));
    assert_eq!(list, passes(3, &[]));
    assert_eq!((opened(), sent()), (3, 3));
}

#[test]
fn a_truncated_datagram_is_an_error() {
    let (result, _) = dump_once([Step::Long, whole(1)]);
    let error = result.unwrap_err();
    assert!(
        matches!(error, KernelError::Truncated { len, room, .. } if len == room + 1),
        "{error}"
    );
}

#[test]
fn a_signal_is_no_end() {
    let signal = || Step::Fails(Errno::EINTR);
    let (clean, list) = dump_once([signal(), Step::Got(vec![address(1)]), signal(), whole(2)]);
    assert_eq!((clean.unwrap(), list), (true, passes(1, &[1, 2])));
    assert_eq!((opened(), sent()), (1, 1));
}

#[test]
fn datagrams_of_other_processes_are_skipped() {
    let theirs = vec![address(66).flags(INTR), error(1), done()];
    let (clean, list) = dump_once([
        Step::From(4711, theirs),
        Step::Got(vec![address(1)]),
        Step::From(4711, vec![Part::new(NLMSG_OVERRUN, &[])]),
        Step::Got(vec![done()]),
    ]);
    assert_eq!((clean.unwrap(), list), (true, passes(1, &[1])));
}

#[test]
fn messages_of_other_dumps_are_skipped() {
    let other = [(1, 0), (0, 1), (u32::MAX, 0)];
    for (sequence, port) in other {
        let stale = [address(66), done(), error(1)].map(|part| part.off(sequence, port));
        let mixed = [&stale[..], &[address(1)], &stale, &[done()]].concat();
        let (clean, list) = dump_once([Step::Got(mixed)]);
        assert_eq!((clean.unwrap(), list), (true, passes(1, &[1])));
    }
}

#[test]
fn a_refusal_is_an_error_with_the_kernels_words() {
    let (result, _) = dump_once([Step::Got(vec![error(Errno::EPERM as i32)])]);
    let message = result.unwrap_err().to_string();
    assert_eq!(
        message,
        "the kernel refused the addresses: Operation not permitted (os error 1)"
    );

    // NLM_F_ACK_TLVS: behind the request, or behind its header if that is all of it that comes
    // back (NLM_F_CAPPED).
    for (flags, more_of_the_request) in [(0x200, &[0; 8][..]), (0x300, &[])] {
        let mut with_words = error(Errno::EINVAL as i32).flags(flags);
        with_words.body[4..8].copy_from_slice(&24u32.to_ne_bytes());
        with_words.body.extend(more_of_the_request);
        with_words.body.extend(12u16.to_ne_bytes());
        with_words.body.extend(1u16.to_ne_bytes());
        with_words.body.extend(b"no dump\0");
        let (result, _) = dump_once([Step::Got(vec![with_words])]);
        let message = result.unwrap_err().to_string();
        assert_eq!(
            message,
            "the kernel refused the addresses: Invalid argument (os error 22) (no dump)"
        );
    }
}

#[test]
fn a_dump_that_fails_on_the_way_is_an_error() {
    let failed = Part::new(NLMSG_DONE, &(-(Errno::ENOMEM as i32)).to_ne_bytes());
    let (result, _) = dump_once([Step::Got(vec![address(1), failed])]);
    assert!(matches!(result, Err(KernelError::Refused { .. })));
}

#[test]
fn an_acknowledgement_is_no_end() {
    let (clean, list) = dump_once([Step::Got(vec![error(0)]), whole(1)]);
    assert_eq!((clean.unwrap(), list), (true, passes(1, &[1])));
}

#[test]
fn bytes_that_cannot_be_read_are_an_error() {
    let short = Part::new(RTM_NEWADDR, &[2, 24]);
    let (result, _) = dump_once([Step::Got(vec![address(1), short])]);
    assert!(matches!(result, Err(KernelError::Decode { .. })));
}

#[test]
fn silence_is_a_timeout() {
    let (result, list) = dump_once([Step::Got(vec![address(1)])]);
    assert_eq!(
        result.unwrap_err().to_string(),
        "the kernel did not answer the addresses within 20 ms"
    );
    assert_eq!(list.begun, 1);
}

#[test]
fn a_dump_that_never_ends_is_a_timeout() {
    for endless in [
        Step::Got(vec![address(1)]),
        Step::Got(vec![]),
        Step::From(4711, vec![done()]),
        Step::Got(vec![done().off(1, 0)]),
        Step::Fails(Errno::EINTR),
    ] {
        let start = Instant::now();
        let (result, list) = for_ever(endless);
        assert!(matches!(result, Err(KernelError::Timeout { .. })));
        assert_eq!(list.begun, 1);
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn after_an_error_the_next_dump_opens_a_new_socket() {
    let failures: [Step; 4] = [
        Step::Long,
        Step::Fails(Errno::EIO),
        Step::Fails(Errno::ETIMEDOUT),
        Step::Got(vec![Part::new(RTM_NEWADDR, &[])]),
    ];
    for failure in failures {
        let dumper = &mut fresh();
        dump_again(dumper, [failure]).0.unwrap_err();
        assert_eq!(opened(), 1);
        let (clean, list) = dump_again(dumper, [whole(1)]);
        assert_eq!((clean.unwrap(), list), (true, passes(1, &[1])));
        assert_eq!(opened(), 2);
    }
}

/// Nothing of a refused dump is left that could answer the next one.
#[test]
fn after_a_refusal_the_socket_is_kept() {
    let dumper = &mut fresh();
    dump_again(dumper, [Step::Got(vec![error(Errno::EPERM as i32)])])
        .0
        .unwrap_err();
    assert!(dump_again(dumper, [whole(1)]).0.unwrap());
    assert_eq!(opened(), 1);
}

#[test]
fn a_request_or_a_socket_that_fails_is_named() {
    let dumper = &mut fresh();
    SCRIPT.with_borrow_mut(|script| script.send_fails = Some(Errno::EPERM));
    let message = dump_again(dumper, [whole(1)]).0.unwrap_err().to_string();
    assert!(message.starts_with("send: "), "{message}");

    SCRIPT.with_borrow_mut(|script| script.open_fails = Some(Errno::EAFNOSUPPORT));
    let message = dump_again(dumper, [whole(1)]).0.unwrap_err().to_string();
    assert!(message.starts_with("socket(AF_NETLINK): "), "{message}");
    assert!(message.contains("RestrictAddressFamilies"), "{message}");

    assert!(dump_again(dumper, [whole(1)]).0.unwrap());
}
