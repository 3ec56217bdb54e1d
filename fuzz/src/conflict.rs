//! The laws of a probe and of a watch, whatever happens to them: how much they send and tell, and
//! that what they say follows from what they were shown.

use std::net::IpAddr;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use bindnet::conflict::{
    Conflict, ConflictReport, DEFEND_INTERVAL, Detection, How, Inconclusive, Listener, Notice,
    PROBE_NUM, Probe, Sighting, Target, Timing, Transmit,
};
use bindnet::snapshot::{About, AddressFlags, Consistency, HardwareAddress, LinkFlags};
use bindnet::wire::{arp, ndisc};
use bindnet::{Address, Link, Snapshot};

use super::clean::is_clean_line;
use super::input;

/// How much happens at most.
const LONG: usize = 48;
const RUNNING: LinkFlags = LinkFlags::from_bits(
    LinkFlags::UP.bits() | LinkFlags::RUNNING.bits() | LinkFlags::LOWER_UP.bits(),
);

pub fn check(data: &[u8]) {
    // Bytes that run out are read as zeros, so that this never fails in practice.
    let _ = laws(&mut Unstructured::new(data));
}

/// Something happens, while the host is like this.
#[derive(Clone, Debug)]
struct Step {
    input: Input,
    host: Snapshot,
    now: Duration,
}

#[derive(Clone, Debug)]
enum Input {
    Timeout,
    Heard(Sighting),
    Down,
    Failure,
    Refusal,
}

fn laws(u: &mut Unstructured<'_>) -> Result<()> {
    let v4 = u.ratio(1, 2)?;
    let ip: IpAddr = match v4 {
        true => [192, 0, 2, 10].into(),
        false => "2001:db8::a".parse().expect("a literal"),
    };
    let target = match u.ratio(1, 2)? {
        true => Target::own(ip.into()),
        false => Target::free(ip.into(), input::name("eth0").into()),
    };
    let target = target.expect("of one host");
    let timing = *u.choose(&[Timing::Fast, Timing::Rfc])?;
    let random = [u.arbitrary()?, u.arbitrary()?, u.arbitrary()?];
    let mut asked = Asked::new(Probe::new(target, timing, random, Duration::ZERO), timing);
    let mut told = Told::new(target);
    let mut steps = Vec::new();
    for _ in 0..u.int_in_range(1..=LONG)? {
        let step = step(u, ip, asked.probe.deadline(), steps.last())?;
        asked.see(&step);
        told.see(&step);
        steps.push(step);
    }
    // The same happens again, and the same is said.
    let mut again = Asked::new(Probe::new(target, timing, random, Duration::ZERO), timing);
    steps.iter().for_each(|step| again.see(step));
    assert_eq!(again.probe.verdict(), asked.probe.verdict());
    assert_eq!(again.sent, asked.sent);
    Ok(())
}

/// A probe, and what it was shown.
struct Asked {
    probe: Probe,
    timing: Timing,
    sent: Vec<(Duration, u32)>,
    /// The hosts since the first probe.
    shown: Vec<Snapshot>,
    is_doubtful: bool,
    has_failed: bool,
}

impl Asked {
    fn new(probe: Probe, timing: Timing) -> Self {
        Self {
            probe,
            timing,
            sent: Vec::new(),
            shown: Vec::new(),
            is_doubtful: false,
            has_failed: false,
        }
    }

    fn see(&mut self, step: &Step) {
        let before = self.probe.verdict().cloned();
        let host = &step.host;
        let ip = self.probe.target().address().ip();
        self.has_failed |= host.addresses().any(|address| {
            let flags = address.flags().unwrap_or_default();
            address.ip() == ip && flags.contains(AddressFlags::DADFAILED)
        });
        if !self.sent.is_empty() {
            self.shown.push(host.clone());
        }
        match &step.input {
            Input::Timeout => {
                if let Some(transmit) = self.probe.handle_timeout(step.now, host) {
                    assert_eq!(before, None);
                    is_a_probe(&transmit, ip, host);
                    self.sent.push((step.now, transmit.link));
                }
            }
            Input::Heard(sighting) => {
                self.is_doubtful |= sighting.how != How::Probe && !is_known(sighting.mac, host);
                self.probe.handle_sighting(*sighting, host);
            }
            Input::Down => self.probe.handle_down(host),
            Input::Failure => self.probe.handle_failure(Inconclusive::Lost, host),
            Input::Refusal => self.probe.handle_refusal("no".to_owned(), host),
        }
        assert!(self.sent.len() <= PROBE_NUM);
        for pair in self.sent.windows(2) {
            assert!(pair[1].0 - pair[0].0 >= self.timing.probe_min());
            assert_eq!(pair[0].1, pair[1].1);
        }
        let verdict = self.probe.verdict();
        assert_eq!(verdict.is_some(), self.probe.deadline().is_none());
        match (before, verdict) {
            (Some(before), verdict) => assert_eq!(Some(&before), verdict),
            (None, Some(verdict)) => self.follows(verdict, step),
            (None, None) => {}
        }
    }

    /// A verdict follows from what was shown.
    fn follows(&self, verdict: &Detection, step: &Step) {
        match (verdict, &step.input) {
            (Detection::Clear, Input::Timeout) => {
                assert!(self.sent.len() == PROBE_NUM && !self.is_doubtful);
                let (last, index) = self.sent[PROBE_NUM - 1];
                assert!(step.now - last >= self.timing.announce_wait());
                let links: Vec<_> = self.shown.iter().map(|host| host.link(index)).collect();
                for link in &links {
                    let link = link.expect("it was there");
                    assert!(link.flags().unwrap_or_default().contains(RUNNING));
                    let first = links[0].and_then(Link::carrier_changes);
                    assert_eq!(link.carrier_changes(), first);
                }
            }
            (Detection::Conflict(Conflict::Heard(heard)), Input::Heard(sighting)) => {
                assert_eq!(heard, sighting);
                assert!(!is_known(heard.mac, &step.host) && !is_interrupted(&step.host));
                assert!(heard.how != How::Probe || self.probe.target().is_free());
            }
            (Detection::Conflict(Conflict::DadFailed), _) => assert!(self.has_failed),
            (Detection::Inconclusive(_) | Detection::NotApplicable(_), _) => {}
            (Detection::NotPermitted(_), Input::Refusal) => {}
            (verdict, input) => panic!("{verdict:?} after {input:?}"),
        }
        assert!(!verdict.to_string().is_empty());
    }
}

/// What is sent is a probe for the address, by a link that is ready.
fn is_a_probe(transmit: &Transmit, ip: IpAddr, host: &Snapshot) {
    let link = host.link(transmit.link).expect("a link of this host");
    assert!(link.flags().unwrap_or_default().contains(RUNNING));
    let mac = link.mac().map(HardwareAddress::as_bytes);
    let mac: [u8; 6] = mac.and_then(|mac| mac.try_into().ok()).expect("six bytes");
    let sighting = match ip {
        IpAddr::V4(ip) => arp::Packet::parse(&transmit.packet).map(|packet| packet.sighting(ip)),
        IpAddr::V6(ip) => Ok(ndisc::Packet::parse(&transmit.packet)
            .expect("valid")
            .sighting(ip, mac)),
    };
    let sighting = sighting.expect("a packet").expect("about the address");
    assert_eq!(
        (sighting.how, sighting.mac.as_bytes()),
        (How::Probe, &mac[..])
    );
    assert_eq!(transmit.destination[0] & 1, 1);
}

/// A watch, and what it told.
struct Told {
    target: Target,
    watch: Listener,
    claims: Vec<(Duration, Sighting)>,
    heard: u64,
    is_deaf: bool,
    is_refused: bool,
}

impl Told {
    fn new(target: Target) -> Self {
        Self {
            target,
            watch: Listener::new(target),
            claims: Vec::new(),
            heard: 0,
            is_deaf: false,
            is_refused: false,
        }
    }

    fn see(&mut self, step: &Step) {
        let host = &step.host;
        let event = match &step.input {
            Input::Timeout => self.watch.handle_host(host),
            Input::Heard(sighting) => {
                self.heard += 1;
                self.watch.handle_sighting(*sighting, step.now, host)
            }
            Input::Down => self.watch.handle_failure(Inconclusive::LinkFlapped),
            Input::Failure => self.watch.handle_failure(Inconclusive::Lost),
            Input::Refusal => {
                self.is_refused = true;
                self.watch.handle_refusal("no".to_owned())
            }
        };
        match &event {
            Some(Notice::NotListening(_)) => {
                assert!(!std::mem::replace(&mut self.is_deaf, true));
            }
            Some(Notice::Listening(index)) => {
                assert!(!self.is_refused && self.watch.link() == Some(*index));
                self.is_deaf = false;
            }
            Some(Notice::Claim {
                sighting,
                count,
                others,
                ..
            }) => {
                assert!(!is_known(sighting.mac, host) && sighting.how != How::Probe);
                assert!(*count > 0 && count + others <= self.heard);
                let lately = |at: Duration| step.now.saturating_sub(at) < DEFEND_INTERVAL;
                self.claims.retain(|(at, _)| lately(*at));
                assert!(
                    self.claims
                        .iter()
                        .all(|(_, claim)| claim.mac != sighting.mac)
                );
                self.claims.push((step.now, *sighting));
                assert!(self.claims.len() <= 16);
            }
            Some(other) => panic!("{other:?}"),
            None => {}
        }
        assert!(!(self.is_deaf && self.watch.link().is_some()));
        if let Some(event) = event {
            let report = ConflictReport::new(&self.target, self.watch.interface(), event, step.now);
            let line = report.to_string();
            assert!(is_clean_line(&line), "{line:?}");
            let json = report.to_json();
            assert!(json.contains("bindnet-conflict/1") && is_clean_line(&json));
        }
    }
}

fn is_interrupted(host: &Snapshot) -> bool {
    host.about().consistency == Some(Consistency::Interrupted)
}

/// Whether it is a hardware address of this host, or nobody's.
fn is_known(mac: HardwareAddress, host: &Snapshot) -> bool {
    let is_all = |byte| mac.as_bytes().iter().all(|b| *b == byte);
    let mut own = host.links().iter().filter_map(|link| link.mac());
    is_all(0) || is_all(0xff) || own.any(|own| *own == mac)
}

/// What happens next: where the bytes run out, a timeout when it is due, on the same host.
fn step(
    u: &mut Unstructured<'_>,
    ip: IpAddr,
    due: Option<Duration>,
    last: Option<&Step>,
) -> Result<Step> {
    let input = match u.int_in_range(0..=15)? {
        0..=7 => Input::Timeout,
        8..=12 => Input::Heard(sighting(u)?),
        13 => Input::Down,
        14 => Input::Failure,
        _ if u.ratio(7, 8)? => Input::Timeout,
        _ => Input::Refusal,
    };
    let host = match (u.int_in_range(0..=7)?, last) {
        (0..=5, Some(last)) => last.host.clone(),
        (7, _) => input::host(u, ip.is_ipv4())?,
        _ => host(u, ip)?,
    };
    let last = last.map_or(Duration::ZERO, |last| last.now);
    let later = Duration::from_millis(u.int_in_range(0..=12_000)?);
    // Time does not go backwards here; elsewhere it is tested that nothing relies on that.
    let now = match (due, u.ratio(3, 4)?) {
        (Some(due), true) => due.max(last),
        _ => last.saturating_add(later),
    };
    Ok(Step { input, host, now })
}

fn sighting(u: &mut Unstructured<'_>) -> Result<Sighting> {
    let last = u.int_in_range(0..=0x20)?;
    let bytes = match last {
        0x1f => [0; 6],
        0x20 => [0xff; 6],
        _ => [2, 0, 0, 0, 0, last],
    };
    let mac = HardwareAddress::from_bytes(&bytes).expect("six bytes");
    let how = *u.choose(&[How::Reply, How::Claim, How::Probe])?;
    Ok(Sighting { mac, how })
}

/// A host that has the address on a link that is ready, for the most part.
fn host(u: &mut Unstructured<'_>, ip: IpAddr) -> Result<Snapshot> {
    let odd: u16 = u.arbitrary()?;
    let is = |bit: u32| odd >> bit & 1 == 1;
    let mut flags = RUNNING.bits();
    if is(0) && is(1) {
        flags ^= 1 << u.int_in_range(0..=18)?;
    }
    let index = if is(2) && is(3) { 7 } else { 2 };
    let mac = |text: &str| -> HardwareAddress { text.parse().expect("a literal") };
    let eth0 = Link::new(index, input::name("eth0"))
        .with_flags(LinkFlags::from_bits(flags))
        .with_mac(mac("02:00:00:00:00:01"))
        .with_carrier_changes(u32::from(is(4) && is(5)));
    let eth1 = Link::new(3, input::name("eth1"))
        .with_flags(RUNNING)
        .with_mac(mac("02:00:00:00:00:02"));
    let links = [(!(is(6) && is(7))).then_some(eth0), Some(eth1)];
    let links: Vec<Link> = links.into_iter().flatten().collect();
    let len = if ip.is_ipv4() { 24 } else { 64 };
    let net = format!("{ip}/{len}").parse().expect("a network");
    let mut addresses = Vec::new();
    for (link, on) in links.iter().zip([!is(8), is(9)]) {
        if on {
            let odd = if is(10) && is(11) {
                u.int_in_range(0..=0xff)?
            } else {
                0x80
            };
            let flags = AddressFlags::from_bits(odd);
            addresses.push(Address::new(net, link.index()).with_flags(flags));
        }
    }
    let mut about = About::default();
    let interrupted = is(12) && is(13);
    about.consistency = interrupted.then_some(Consistency::Interrupted);
    let host = Snapshot::new(links, addresses).expect("indexes are distinct and listed");
    Ok(host.with_about(about))
}
