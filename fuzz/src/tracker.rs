//! The laws of a tracked choice, over arbitrary hosts that follow each other.

use arbitrary::{Result, Unstructured};
use bindnet::choice::Tracker;
use bindnet::corosync::ProfileSelector;
use bindnet::snapshot::Consistency;
use bindnet::{Address, Candidate, Event, EventKind, Link, Snapshot};

use super::clean::is_clean_line;
use super::input;

/// How many snapshots there are at most.
const LONG: usize = 12;

pub fn check(data: &[u8]) {
    // Bytes that run out are read as zeros, so that this never fails in practice.
    let _ = laws(&mut Unstructured::new(data));
}

fn laws(u: &mut Unstructured<'_>) -> Result<()> {
    let question = input::question(u)?;
    let v4 = question.bindnet.ip().is_ipv4();
    let follow = u.ratio(1, 2)?;
    let profile = *u.choose(&[
        "default",
        "default",
        "corosync",
        "corosync:1.4.1",
        "patched",
    ])?;
    let profile = profile.parse().expect("a literal");
    let selector = ProfileSelector::new(profile, question.selector());

    let first = distinct_names(&input::host(u, v4)?);
    let mut history = vec![first.clone()];
    let mut copies = vec![lacking(u, &first)?];
    for _ in 0..u.int_in_range(1..=LONG)? {
        let last = history.last().unwrap_or(&first);
        let host = match u.int_in_range(0..=9)? {
            0 => first.clone(),
            1 => distinct_names(&input::host(u, v4)?),
            2 => lacking(u, last)?,
            _ => edited(u, last, v4)?,
        };
        copies.push(lacking(u, &host)?);
        history.push(host);
    }
    let events = told(&selector, follow, &history);
    order(&events, follow);
    words(&events);
    assert_eq!(told(&selector, follow, &history), events);
    nothing_moves(&told(&selector, false, &history));
    // A snapshot that comes again, or comes interrupted without some addresses, tells nothing.
    unmoved_by(&selector, follow, &history, &history, &events);
    unmoved_by(&selector, follow, &history, &copies, &events);
    Ok(())
}

fn told<'a>(
    selector: &ProfileSelector,
    follow: bool,
    history: impl IntoIterator<Item = &'a Snapshot>,
) -> Vec<Option<Event>> {
    let mut tracker = Tracker::new(selector.clone()).follow(follow);
    let mut update = |host| {
        let event = tracker.update(host);
        if let Some(event) = &event {
            assert_eq!(
                event.address(),
                tracker.choice().map(Candidate::scoped_addr),
                "{event}"
            );
        }
        event
    };
    history.into_iter().map(&mut update).collect()
}

/// Initial comes first and once, what is lost is lost once, only `follow` moves.
fn order(events: &[Option<Event>], follow: bool) {
    let mut here = false;
    for (at, event) in events.iter().enumerate() {
        let kind = event.as_ref().map(Event::kind);
        assert_eq!(at == 0, kind == Some(EventKind::Initial), "{event:?}");
        let Some(event) = event else { continue };
        // Links may have exchanged their names.
        let on_link = event
            .address()
            .is_some_and(|address| address.zone().is_some());
        let other = on_link || event.address() != event.previous();
        assert!(
            here || !matches!(event.kind(), EventKind::Kept | EventKind::Lost),
            "{event}"
        );
        assert!(
            event.kind() != EventKind::Moved || follow && other,
            "{event}"
        );
        here = event.address().is_some();
        assert!(
            at == 0 || here != (event.kind() == EventKind::Lost),
            "{event}"
        );
        assert!(here || event.interface().is_none(), "{event}");
    }
}

/// Without `follow` no address takes the place of another.
fn nothing_moves(events: &[Option<Event>]) {
    let addresses = events.iter().flatten().filter_map(|event| event.address());
    let mut ips: Vec<_> = addresses.map(|address| address.ip()).collect();
    ips.dedup();
    assert!(ips.len() <= 1, "{events:#?}");
}

/// A reason is sentences on one line, and names what was lost.
fn words(events: &[Option<Event>]) {
    for event in events.iter().flatten() {
        let line = event.to_string();
        assert!(
            line.ends_with('.') && line.ends_with(event.reason()),
            "{line}"
        );
        assert!(is_clean_line(&line), "{line:?}");
        let previous = event.previous().map(|previous| previous.ip().to_string());
        if matches!(event.kind(), EventKind::Lost | EventKind::Moved) {
            assert!(
                previous.is_some_and(|ip| event.reason().contains(&ip)),
                "{line}"
            );
        }
    }
}

/// Each snapshot has one behind it that tells nothing and changes nothing.
fn unmoved_by(
    selector: &ProfileSelector,
    follow: bool,
    history: &[Snapshot],
    behind: &[Snapshot],
    events: &[Option<Event>],
) {
    let mixed = history.iter().zip(behind);
    let mixed = told(
        selector,
        follow,
        mixed.flat_map(|(host, copy)| [host, copy]),
    );
    for (event, pair) in events.iter().zip(mixed.chunks(2)) {
        assert_eq!(pair, [event.clone(), None]);
    }
}

/// The same, interrupted, without some addresses; of one address on one link all entries or none.
///
/// What is interrupted already lacks nothing more: where the address is shown on two links, and
/// cannot be bound on its own, the other one is what keeps it.
fn lacking(u: &mut Unstructured<'_>, host: &Snapshot) -> Result<Snapshot> {
    let mut mask: u16 = u.arbitrary()?;
    let mut about = host.about().clone();
    if about.consistency.replace(Consistency::Interrupted) == Some(Consistency::Interrupted) {
        mask = 0;
    }
    let all: Vec<Address> = host.addresses().collect();
    let key = |address: &Address| (address.ip(), address.link_index());
    let is_kept = |address: &Address| {
        let twin = all.iter().position(|other| key(other) == key(address));
        mask >> (twin.unwrap_or(0) % 16) & 1 == 0
    };
    let kept = all.iter().copied().filter(is_kept);
    Ok(snapshot(host.links().to_vec(), kept).with_about(about))
}

/// The same host, a little later, and whole.
fn edited(u: &mut Unstructured<'_>, host: &Snapshot, v4: bool) -> Result<Snapshot> {
    let mut links = host.links().to_vec();
    let mut addresses: Vec<Address> = host.addresses().collect();
    for _ in 0..u.int_in_range(1..=3)? {
        let at = u.int_in_range(0..=addresses.len())?;
        match u.int_in_range(0..=4)? {
            0 => addresses.insert(at, input::address(u, &links, v4)?),
            1 if at < addresses.len() => drop(addresses.remove(at)),
            2 if at < addresses.len() => addresses.rotate_left(at),
            3 => {
                let at = u.choose_index(links.len())?;
                links[at] = input::link(u, links[at].index())?;
            }
            _ => {
                let flags = u.int_in_range(0..=0x1fff)?;
                if let Some(address) = addresses.get_mut(at) {
                    *address =
                        address.with_flags(bindnet::snapshot::AddressFlags::from_bits(flags));
                }
            }
        }
    }
    let mut about = host.about().clone();
    about.consistency = Some(Consistency::Consistent);
    Ok(distinct_names(
        &snapshot(links, addresses).with_about(about),
    ))
}

/// Two links have never the same name; where one is drawn twice, the later link gets its index.
fn distinct_names(host: &Snapshot) -> Snapshot {
    let mut links: Vec<Link> = Vec::new();
    for link in host.links() {
        let is_taken = links.iter().any(|other| other.name() == link.name());
        links.push(match is_taken {
            false => link.clone(),
            true => {
                let name = input::name(&format!("link{}", link.index()));
                let renamed = Link::new(link.index(), name);
                renamed.with_flags(link.flags().unwrap_or(bindnet::snapshot::LinkFlags::UP))
            }
        });
    }
    snapshot(links, host.addresses()).with_about(host.about().clone())
}

fn snapshot(links: Vec<Link>, addresses: impl IntoIterator<Item = Address>) -> Snapshot {
    Snapshot::new(links, addresses).expect("indexes are distinct and listed")
}
