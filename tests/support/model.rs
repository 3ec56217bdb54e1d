//! A naive model of the rule: a transliteration of DESIGN.md's eight steps that is as slow and as
//! literal as can be, to compare the library with. It shares no code with it, only the data types
//! of a snapshot.

use std::net::IpAddr;

use bindnet::snapshot::{AddressFlags, Consistency, Lifetime, LinkFlags, Scope};
use bindnet::{Address, Link, Reason, Snapshot};
use ipnet::IpNet;

use crate::ask::Ask;

/// What the rule says of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub ip: IpAddr,
    pub link: Option<u32>,
    pub matched: Option<&'static str>,
    pub verdict: &'static str,
    pub reasons: Vec<&'static str>,
}

/// What the rule says of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub outcome: &'static str,
    /// The position of the choice among the rows.
    pub chosen: Option<usize>,
    pub ambiguous: bool,
    pub separated_by: Option<&'static str>,
    /// Every address that the rule sees, in kernel order.
    pub rows: Vec<Row>,
}

/// Decides as DESIGN.md says.
pub fn decide(ask: &Ask, snapshot: &Snapshot) -> Answer {
    let hosts = Model::see(ask, snapshot);
    let (winner, separated_by) = match hosts.winner() {
        Some(winner) => (Some(winner), hosts.separation(winner)),
        None => (None, None),
    };
    let settled = [None, Some("declared-fixed"), Some("previous")];
    let ambiguous = !settled.contains(&separated_by);
    let chosen = winner.filter(|_| !(ask.strict && ambiguous));
    Answer {
        outcome: match (winner, chosen) {
            (None, _) => "none",
            (Some(_), None) => "ambiguous",
            (Some(_), Some(_)) => "chosen",
        },
        chosen,
        ambiguous,
        separated_by,
        rows: (0..hosts.seen.len())
            .map(|at| hosts.row(at, chosen))
            .collect(),
    }
}

/// The addresses that the rule sees, with their links, in kernel order.
struct Model<'a> {
    ask: &'a Ask,
    interrupted: bool,
    links: Vec<Link>,
    seen: Vec<(Address, Option<Link>)>,
}

impl<'a> Model<'a> {
    // Step 1, the restrictions: a zone and an interface.
    fn see(ask: &'a Ask, snapshot: &Snapshot) -> Self {
        let links = snapshot.links().to_vec();
        let mut seen = Vec::new();
        for address in snapshot.addresses() {
            let on = |link: &&Link| Some(link.index()) == address.link_index();
            let link = links.iter().find(on).cloned();
            let index = address.link_index();
            let inside = |text: &str| index.is_some() && zone(&links, text) == index;
            let named = |text: &str| link.as_ref().is_some_and(|l| l.name().to_string() == text);
            if ask.zone.as_ref().is_none_or(|text| inside(text))
                && ask.interface.as_ref().is_none_or(|text| named(text))
            {
                seen.push((address, link));
            }
        }
        Self {
            ask,
            interrupted: snapshot.about().consistency == Some(Consistency::Interrupted),
            links,
            seen,
        }
    }

    fn ip(&self, at: usize) -> IpAddr {
        self.seen[at].0.ip()
    }

    fn mask(&self, at: usize) -> IpAddr {
        self.seen[at].0.netmask().to_ip()
    }

    /// Whether the mask is a prefix: no one behind a zero.
    fn has_prefix(&self, at: usize) -> bool {
        let mask = bytes(self.mask(at));
        let lens = 0..=8 * mask.len() as u8;
        lens.into_iter()
            .any(|len| leading_ones(len, mask.len()) == mask)
    }

    fn link_is(&self, at: usize, flag: LinkFlags) -> Option<bool> {
        let flags = self.seen[at].1.as_ref()?.flags()?;
        Some(flags.contains(flag))
    }

    fn has(&self, at: usize, flag: AddressFlags) -> bool {
        let flags = self.seen[at].0.flags();
        flags.is_some_and(|flags| flags.contains(flag))
    }

    fn positions(&self, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.seen.len()).filter(|at| wanted(*at)).collect()
    }

    fn candidates(&self) -> Vec<usize> {
        self.positions(|at| self.matched(at).is_some())
    }

    fn is_link_local(&self, at: usize) -> bool {
        matches!(self.ip(at), IpAddr::V6(ip) if ip.segments()[0] >> 6 == 0x3fa)
    }

    /// What makes two entries the same address.
    fn identity(&self, at: usize) -> (IpAddr, Option<u32>) {
        let link = self.seen[at].0.link_index();
        (self.ip(at), link.filter(|_| self.is_link_local(at)))
    }

    // Step 1: match.
    fn matched(&self, at: usize) -> Option<&'static str> {
        let (ip, target) = (bytes(self.ip(at)), bytes(self.ask.ip));
        if ip.len() != target.len() {
            return None;
        }
        if let Some(len) = self.ask.prefix_len {
            let all = usize::from(len) == 8 * ip.len();
            let inside = same_under(&ip, &target, &leading_ones(len, ip.len()));
            return inside.then_some(if all { "exact" } else { "network" });
        }
        let mask = bytes(self.mask(at));
        let no_host_bits = target.iter().zip(&mask).all(|(b, mask)| b & !mask == 0);
        match same_under(&ip, &target, &mask) {
            _ if ip == target => Some("exact"),
            true if no_host_bits => Some("network"),
            true => Some("same-network"),
            false => None,
        }
    }

    // Step 2: unusable.
    fn tentative(&self, at: usize) -> bool {
        self.has(at, AddressFlags::TENTATIVE) && !self.has(at, AddressFlags::OPTIMISTIC)
    }

    fn usable(&self, at: usize) -> bool {
        !self.has(at, AddressFlags::DADFAILED) && !self.tentative(at)
    }

    // Step 4: floating.
    fn declared(&self, at: usize, list: &[IpNet], other: &[IpNet]) -> bool {
        let longest = |list: &[IpNet]| {
            let inside = list.iter().filter(|net| net.contains(&self.ip(at)));
            inside.map(|net| i16::from(net.prefix_len())).max()
        };
        longest(list).unwrap_or(-1) > longest(other).unwrap_or(-1)
    }

    fn declared_fixed(&self, at: usize) -> bool {
        self.declared(at, &self.ask.fixed, &self.ask.floating)
    }

    fn declared_floating(&self, at: usize) -> bool {
        self.declared(at, &self.ask.floating, &self.ask.fixed)
    }

    fn floating(&self, at: usize) -> bool {
        let decisive = [
            "declared-floating",
            "label",
            "vrrp-mac",
            "address-protocol",
            "host-prefix-in-subnet",
            "deprecated-permanent",
            "temporary",
        ];
        let shown = decisive.iter().any(|code| self.holds(at, code));
        shown && !self.declared_fixed(at)
    }

    fn host_prefix_in_subnet(&self, at: usize) -> bool {
        let host = |at| bytes(self.mask(at)).iter().all(|byte| *byte == 255);
        let permanent = self.seen[at].0.flags().is_none() || self.has(at, AddressFlags::PERMANENT);
        host(at)
            && permanent
            && (0..self.seen.len()).any(|other| {
                let address = &self.seen[other].0;
                let (ip, around) = (bytes(self.ip(at)), bytes(self.ip(other)));
                ip != around
                    && same_under(&ip, &around, &bytes(self.mask(other)))
                    && !host(other)
                    && self.has_prefix(other)
                    && address.scope().is_none_or(|scope| scope == Scope::GLOBAL)
                    && address.peer().is_none()
                    && self.usable(other)
                    && !self.floating(other)
            })
    }

    /// Left after step 4.
    fn left(&self, at: usize) -> bool {
        self.matched(at).is_some() && self.usable(at) && !self.floating(at)
    }

    fn newer_than_sibling(&self, at: usize) -> bool {
        let network = |at: usize| {
            let (ip, mask) = (bytes(self.ip(at)), bytes(self.mask(at)));
            let network: Vec<u8> = ip.iter().zip(&mask).map(|(ip, mask)| ip & mask).collect();
            (network, mask)
        };
        let (link, scope) = (self.seen[at].0.link_index(), self.seen[at].0.scope());
        self.ip(at).is_ipv6()
            && link.is_some()
            && self.left(at)
            && (at + 1..self.seen.len()).any(|later| {
                self.left(later)
                    && self.ip(later) != self.ip(at)
                    && self.seen[later].0.link_index() == link
                    && self.seen[later].0.scope() == scope
                    && network(later) == network(at)
            })
    }

    /// Whether a code is true of an address.
    fn holds(&self, at: usize, code: &str) -> bool {
        let (address, link) = &self.seen[at];
        let v4 = address.ip().is_ipv4();
        let deprecated = self.has(at, AddressFlags::DEPRECATED);
        let lease = matches!(address.valid_lft(), Some(Lifetime::Seconds(_)));
        !self.ask.off.contains(&code)
            && match code {
                "declared-floating" => self.declared_floating(at),
                "declared-fixed" => self.declared_fixed(at),
                "label" => {
                    v4 && address
                        .label()
                        .is_some_and(|l| l.as_bytes().contains(&b':'))
                }
                "vrrp-mac" => link.as_ref().and_then(Link::mac).is_some_and(|mac| {
                    let mac = mac.as_bytes();
                    mac.len() == 6 && mac[..4] == [0, 0, 0x5e, 0] && (mac[4] == 1 || mac[4] == 2)
                }),
                "address-protocol" => address
                    .protocol()
                    .is_some_and(|protocol| self.ask.protocols.contains(&protocol)),
                "host-prefix-in-subnet" => self.host_prefix_in_subnet(at),
                "deprecated-permanent" => deprecated && self.has(at, AddressFlags::PERMANENT),
                "temporary" => !v4 && self.has(at, AddressFlags::TEMPORARY),
                "secondary" => v4 && self.has(at, AddressFlags::SECONDARY) && !lease,
                "deprecated" => deprecated,
                "newer-than-sibling" => self.newer_than_sibling(at),
                "loopback" => self.link_is(at, LinkFlags::LOOPBACK) == Some(true),
                "link-down" => self.link_is(at, LinkFlags::UP) == Some(false),
                "tentative" => self.tentative(at),
                "dadfailed" => self.has(at, AddressFlags::DADFAILED),
                "previous" => self.previous(at),
                _ => panic!("no such code: {code}"),
            }
    }

    // Step 5: the remembered choice.
    fn previous(&self, at: usize) -> bool {
        self.ask.previous.as_ref().is_some_and(|(ip, text)| {
            let link = text.as_ref().map(|text| zone(&self.links, text));
            let index = self.seen[at].0.link_index();
            *ip == self.ip(at)
                && (!self.is_link_local(at)
                    || link.is_none_or(|link| link.is_some() && link == index))
        })
    }

    fn keeps(&self, at: usize) -> bool {
        let fixed = |other: &usize| {
            self.usable(*other)
                && self.identity(*other) != self.identity(at)
                && self.declared_fixed(*other)
        };
        let operator_objects = self.declared_floating(at)
            || (!self.declared_fixed(at) && self.candidates().iter().any(fixed));
        // The operator named an exact match, whatever the lists say.
        let exact = self.matched(at) == Some("exact");
        self.previous(at)
            && self.matched(at).is_some()
            && self.usable(at)
            && (exact || !operator_objects)
    }

    /// Whether there is a memory that counts. Exact wins over it; but where a link-local address was
    /// named without its link, the memory may know of another link.
    fn remembers(&self) -> bool {
        let link_named = self.ask.zone.is_some() || self.ask.interface.is_some();
        let of_named = |ip: IpAddr| ip == self.ask.ip && !link_named;
        let counts = |(ip, _): &(IpAddr, _)| self.exact().is_empty() || of_named(*ip);
        self.ask.previous.as_ref().is_some_and(counts)
    }

    /// Absent or unusable.
    fn previous_is_gone(&self) -> bool {
        let there = |at: &usize| self.previous(*at) && self.usable(*at);
        self.remembers() && !self.candidates().iter().any(there)
    }

    // Step 6: rank.
    fn rank(&self, at: usize) -> [(&'static str, usize); 5] {
        let weak = ["secondary", "deprecated", "newer-than-sibling"];
        [
            ("declared-fixed", !self.declared_fixed(at) as usize),
            ("loopback", self.holds(at, "loopback") as usize),
            (
                "weak-evidence",
                weak.iter().any(|code| self.holds(at, code)) as usize,
            ),
            ("link-state", self.holds(at, "link-down") as usize),
            ("kernel-order", at),
        ]
    }

    fn first(&self, among: &[usize]) -> Option<usize> {
        among.iter().copied().min_by_key(|at| self.rank(*at))
    }

    /// The same for the entries of a remembered address: what an address that comes or goes brings
    /// about must not move the daemon from one to the other.
    fn rank_of_kept(&self, at: usize) -> [(&'static str, usize); 5] {
        let mut rank = self.rank(at);
        rank[2].1 = (self.holds(at, "secondary") || self.holds(at, "deprecated")) as usize;
        rank
    }

    fn first_kept(&self, among: &[usize]) -> Option<usize> {
        among
            .iter()
            .copied()
            .min_by_key(|at| self.rank_of_kept(*at))
    }

    fn exact(&self) -> Vec<usize> {
        self.positions(|at| self.matched(at) == Some("exact"))
    }

    fn winner(&self) -> Option<usize> {
        // Step 3: exact wins, or nothing does.
        let mut among = self.exact();
        let exact = !among.is_empty();
        if !exact {
            among = self.candidates();
        }
        among.retain(|at| self.usable(*at));
        let kept: Vec<usize> = among.iter().copied().filter(|at| self.keeps(*at)).collect();
        if !kept.is_empty() {
            return self.first_kept(&kept);
        }
        let absent = !self.candidates().iter().any(|at| self.previous(*at));
        if self.remembers() && absent && self.interrupted {
            return None;
        }
        if exact {
            return self.first(&among);
        }
        self.first(&self.positions(|at| self.left(at)))
    }

    // Step 7: what separated the winner from the runner-up.
    fn separation(&self, winner: usize) -> Option<&'static str> {
        let exact = self.matched(winner) == Some("exact");
        let another = |at: usize| self.identity(at) != self.identity(winner);
        if self.previous_is_gone() && !self.declared_fixed(winner) {
            return Some("previous-absent");
        }
        if self.matched(winner) == Some("same-network") {
            return Some("same-network");
        }
        // A remembered link-local address without its link may be that of several.
        let kept = self.positions(|at| self.keeps(winner) && self.keeps(at) && another(at));
        if let Some(twin) = self.first_kept(&kept) {
            return differing_field(self.rank_of_kept(winner), self.rank_of_kept(twin));
        }
        // Of exact matches only the same address on another link is left, floating or not.
        let left = |at: usize| match exact {
            true => self.matched(at) == Some("exact") && self.usable(at),
            false => self.left(at),
        };
        let runner_up = self.first(&self.positions(|at| left(at) && another(at)))?;
        if self.keeps(winner) {
            return Some("previous");
        }
        differing_field(self.rank(winner), self.rank(runner_up))
    }

    fn row(&self, at: usize, chosen: Option<usize>) -> Row {
        let other_family = self.ip(at).is_ipv4() != self.ask.ip.is_ipv4();
        let codes = Reason::ALL.iter().map(|reason| reason.code());
        Row {
            ip: self.ip(at),
            link: self.seen[at].0.link_index(),
            matched: self.matched(at),
            verdict: match self.matched(at) {
                None if other_family => "other-family",
                None => "other-network",
                Some(_) if chosen == Some(at) => "chosen",
                Some(_) if !self.usable(at) => "unusable",
                Some(_) if self.floating(at) => "floating",
                Some(_) if chosen.is_some() => "outranked",
                Some(_) => "eligible",
            },
            reasons: codes.filter(|code| self.holds(at, code)).collect(),
        }
    }
}

/// The first field of step 6 in which two addresses differ.
fn differing_field(a: [(&'static str, usize); 5], b: [(&str, usize); 5]) -> Option<&'static str> {
    let mut fields = a.into_iter().zip(b);
    let ((field, _), _) = fields.find(|((_, a), (_, b))| a != b)?;
    Some(field)
}

/// The index of the link that a zone names; a name counts before an index.
fn zone(links: &[Link], text: &str) -> Option<u32> {
    let named = links.iter().find(|link| link.name().to_string() == text);
    let numbered = || links.iter().find(|link| link.index().to_string() == text);
    named.or_else(numbered).map(Link::index)
}

fn bytes(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

fn leading_ones(len: u8, bytes: usize) -> Vec<u8> {
    let bit = |at: usize| at < usize::from(len);
    let byte = |byte: usize| (0..8).fold(0, |b, i| b << 1 | u8::from(bit(8 * byte + i)));
    (0..bytes).map(byte).collect()
}

/// `(a ^ b) & mask == 0`, byte by byte; addresses of different families are never the same.
fn same_under(a: &[u8], b: &[u8], mask: &[u8]) -> bool {
    let same = |((a, b), mask): ((&u8, &u8), &u8)| (a ^ b) & mask == 0;
    a.len() == b.len() && a.iter().zip(b).zip(mask).all(same)
}
