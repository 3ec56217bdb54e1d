//! A naive model of a tracked choice, on the naive model of the rule. It shares no code with the
//! library, only the data types of a snapshot.

use std::net::IpAddr;

use bindnet::snapshot::{AddressFlags, Consistency};
use bindnet::{Address, Event, Link, Snapshot};

use crate::ask::Ask;
use crate::model;

/// An event without its reason, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub kind: &'static str,
    pub address: Option<String>,
    pub previous: Option<String>,
    pub interface: Option<String>,
}

impl Said {
    /// The same of an event.
    pub fn of(event: &Event) -> Self {
        Self {
            kind: event.kind().code(),
            address: event.address().map(|address| address.to_string()),
            previous: event.previous().map(|address| address.to_string()),
            interface: event.interface().map(|name| name.to_string()),
        }
    }
}

/// What is bound, or was.
#[derive(Clone, Debug)]
struct Bound {
    ip: IpAddr,
    link: Option<u32>,
    /// The name that the link had last.
    name: Option<String>,
    /// Whether it is here.
    here: bool,
}

/// A choice over time.
pub struct Model {
    ask: Ask,
    follow: bool,
    bound: Option<Bound>,
    started: bool,
    /// The doubt under which the choice was made.
    doubt: Option<&'static str>,
    /// All that the rule last said of the candidates.
    last: Vec<String>,
}

/// A place of an address: its link, and the name of that.
type Place = (Option<u32>, Option<String>);

impl Model {
    pub fn new(ask: Ask, follow: bool) -> Self {
        Self {
            ask,
            follow,
            bound: None,
            started: false,
            doubt: None,
            last: Vec::new(),
        }
    }

    /// What is told of a snapshot.
    pub fn see(&mut self, host: &Snapshot) -> Option<Said> {
        let before = self.ask.previous.clone().map(text);
        let kind = match self.bound.clone() {
            None => self.nothing_is_bound(host),
            Some(bound) => self.something_is_bound(bound, host),
        }?;
        let bound = self.bound.clone().filter(|bound| bound.here);
        Some(Said {
            kind,
            address: bound.clone().and(self.ask.previous.clone()).map(text),
            previous: before,
            interface: bound.and_then(|bound| bound.name),
        })
    }

    fn nothing_is_bound(&mut self, host: &Snapshot) -> Option<&'static str> {
        let first = !self.started;
        self.started = true;
        // What is remembered and absent is waited for.
        let absent = self.separation(host) == Some("previous-absent");
        let waits = match self.declared_of_previous() {
            "floating" => false,
            "fixed" => absent || !self.chooses_previous_or_exact(host),
            _ => absent,
        };
        let chosen = self.chosen(host).filter(|_| self.follow || !waits);
        // An interrupted snapshot may lack what would decide otherwise.
        match chosen.filter(|_| !interrupted(host)) {
            Some((ip, place)) => {
                self.doubt = self.doubt(host);
                self.bind(host, ip, place);
                Some(if first { "initial" } else { "gained" })
            }
            None => first.then_some("initial"),
        }
    }

    /// The longest network of the two lists that it is in says what it is.
    fn declared_of_previous(&self) -> &'static str {
        let Some((ip, _)) = &self.ask.previous else {
            return "";
        };
        let longest = |nets: &[ipnet::IpNet]| {
            let inside = nets.iter().filter(|net| net.contains(ip));
            inside.map(|net| i16::from(net.prefix_len())).max()
        };
        let [floating, fixed] = [&self.ask.floating, &self.ask.fixed].map(|nets| longest(nets));
        match floating.cmp(&fixed) {
            std::cmp::Ordering::Greater => "floating",
            std::cmp::Ordering::Less => "fixed",
            std::cmp::Ordering::Equal => "",
        }
    }

    fn chooses_previous_or_exact(&self, host: &Snapshot) -> bool {
        let answer = model::decide(&self.ask, host);
        answer.chosen.is_some_and(|at| {
            let row = &answer.rows[at];
            row.matched == Some("exact") || row.reasons.contains(&"previous")
        })
    }

    fn something_is_bound(&mut self, bound: Bound, host: &Snapshot) -> Option<&'static str> {
        let entries = self.entries(&bound, host);
        let usable: Vec<&Place> = entries.iter().filter(|e| e.1).map(|e| &e.0).collect();
        let own = |place: &Place| place.0 == bound.link;
        // Its own link first.
        let found = usable.iter().find(|place| own(place)).or(usable.first());
        let found = found.map(|place| (*place).clone());
        if interrupted(host) && bound.here {
            // Only what is shown counts: that it is here, but cannot be bound.
            let spoilt = entries.iter().any(|(place, _)| own(place)) && found.is_none();
            return spoilt.then(|| self.lose());
        }
        // A link-local address on another link of the same name is the same in name only.
        let anew = link_local(bound.ip) && found.as_ref().is_some_and(|place| !own(place));
        match (found, bound.here) {
            (None, _) => match self.next(host) {
                Some((ip, place)) => {
                    self.doubt = self.doubt(host);
                    self.bind(host, ip, place);
                    Some("moved")
                }
                None => bound.here.then(|| self.lose()),
            },
            (Some(place), here) => {
                let last = self.last.clone();
                self.bind(host, bound.ip, place);
                if let Some((ip, place)) = self.next(host) {
                    self.doubt = self.doubt(host);
                    self.bind(host, ip, place);
                    return Some("moved");
                }
                let changed = self.last != last;
                match here && !anew {
                    true => changed.then_some("kept"),
                    false => Some("gained"),
                }
            }
        }
    }

    /// What the choice of the rule is in doubt for. What may move does not ask for the address that it leaves.
    pub fn doubt(&self, host: &Snapshot) -> Option<&'static str> {
        let mut answer = model::decide(&self.ask, host);
        if self.follow && answer.separated_by == Some("previous-absent") {
            let mut forgetful = self.ask.clone();
            forgetful.previous = None;
            answer = model::decide(&forgetful, host);
        }
        let reasons = answer.chosen.map(|at| &answer.rows[at].reasons);
        let is = |code| reasons.is_some_and(|reasons| reasons.contains(&code));
        let kept = is("previous") && !is("declared-fixed");
        match (self.doubt, answer.separated_by) {
            (Some(doubt), _) if kept => Some(doubt),
            (_, Some(code)) if answer.ambiguous => Some(code),
            _ => None,
        }
    }

    fn lose(&mut self) -> &'static str {
        if let Some(bound) = &mut self.bound {
            bound.here = false;
        }
        "lost"
    }

    fn bind(&mut self, host: &Snapshot, ip: IpAddr, (link, name): Place) {
        self.ask.previous = Some((ip, name.clone().filter(|_| link_local(ip))));
        self.bound = Some(Bound {
            ip,
            link,
            name,
            here: true,
        });
        self.last = self.said_of_candidates(host);
    }

    /// Where the bound address is looked for, and whether it can be bound there.
    fn entries(&self, bound: &Bound, host: &Snapshot) -> Vec<(Place, bool)> {
        let asked = |place: &Place| self.restricted_to(host).contains(&place.0);
        let entries = host.addresses().filter(|address| address.ip() == bound.ip);
        let entries = entries.map(|address| (place(&address, host), usable(&address)));
        let counts = |place: &Place| {
            let same_name = place.1.is_some() && place.1 == bound.name;
            let elsewhere = match self.is_restricted() {
                true => asked(place),
                false => !link_local(bound.ip),
            };
            place.0 == bound.link || same_name || elsewhere
        };
        let mut entries: Vec<_> = entries.filter(|(place, _)| counts(place)).collect();
        // What is asked for comes before what only has the name.
        entries.sort_by_key(|(place, _)| self.is_restricted() && !asked(place));
        entries
    }

    fn is_restricted(&self) -> bool {
        self.ask.interface.is_some() || self.ask.zone.is_some()
    }

    /// The link that is asked for, if it exists.
    fn restricted_to(&self, host: &Snapshot) -> Vec<Option<u32>> {
        let named = |text: &str| model::named(host.links(), text);
        let numbered = |text: &str| {
            let is = |link: &&Link| link.index().to_string() == text;
            host.links().iter().find(is).map(Link::index)
        };
        let interface = self.ask.interface.iter().map(|text| named(text));
        let zone = self.ask.zone.iter();
        let zone = zone.map(|text| named(text).or_else(|| numbered(text)));
        let mut asked: Vec<Option<u32>> = interface.chain(zone).collect();
        asked.dedup();
        match asked.as_slice() {
            [Some(_)] => asked,
            _ => Vec::new(),
        }
    }

    fn separation(&self, host: &Snapshot) -> Option<&'static str> {
        model::decide(&self.ask, host).separated_by
    }

    /// What the rule chooses, and on which link.
    fn chosen(&self, host: &Snapshot) -> Option<(IpAddr, Place)> {
        let answer = model::decide(&self.ask, host);
        let row = &answer.rows[answer.chosen?];
        let link = host.links().iter().find(|l| Some(l.index()) == row.link);
        Some((row.ip, (row.link, link.map(|link| link.name().to_string()))))
    }

    /// What is to be followed.
    fn next(&self, host: &Snapshot) -> Option<(IpAddr, Place)> {
        let bound = self.bound.as_ref()?;
        let same = |(ip, place): &(IpAddr, Place)| {
            *ip == bound.ip && (!link_local(*ip) || bound.link.is_none() || place.0 == bound.link)
        };
        let follow = self.follow && !interrupted(host);
        self.chosen(host).filter(|chosen| follow && !same(chosen))
    }

    /// All that bears on the choice: the candidates with their facts, and the outcome.
    fn said_of_candidates(&self, host: &Snapshot) -> Vec<String> {
        let answer = model::decide(&self.ask, host);
        let mut rows = answer.rows.iter().peekable();
        let mut said = Vec::new();
        let family = |ip: IpAddr| ip.is_ipv4() == self.ask.ip.is_ipv4();
        let seen = answer.rows.iter().any(|row| family(row.ip));
        for address in host.addresses() {
            // The rows are those addresses that the rule sees, in the same order.
            let is = |row: &&model::Row| (row.ip, row.link) == (address.ip(), address.link_index());
            let Some(row) = rows.next_if(is) else {
                continue;
            };
            if row.matched.is_some() {
                let facts = (address.netmask(), address.label(), place(&address, host).1);
                let state = host.link_of(&address).map(|l| (l.is_up(), l.is_running()));
                said.push(format!("{row:?} {facts:?} {state:?}"));
            }
        }
        if self.may_be_missing(&answer, host) {
            said.push("the list is interrupted".to_owned());
        } else if said.is_empty() {
            let no_link = self.is_restricted() && self.restricted_to(host).is_empty();
            said.push(format!(
                "no link {no_link}, any address {}",
                seen || no_link
            ));
        }
        said.push(format!("{} {:?}", answer.outcome, answer.separated_by));
        said
    }

    /// Whether the list is interrupted, and the remembered choice, which counts, is no candidate.
    fn may_be_missing(&self, answer: &model::Answer, host: &Snapshot) -> bool {
        let Some((previous, _)) = self.ask.previous else {
            return false;
        };
        let candidates = || answer.rows.iter().filter(|row| row.matched.is_some());
        let exact = candidates().any(|row| row.matched == Some("exact"));
        let counts = !exact || self.ask.names(previous) && !self.is_restricted();
        interrupted(host) && counts && !candidates().any(|row| row.reasons.contains(&"previous"))
    }
}

fn interrupted(host: &Snapshot) -> bool {
    host.about().consistency == Some(Consistency::Interrupted)
}

fn link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.segments()[0] >> 6 == 0x3fa)
}

fn usable(address: &Address) -> bool {
    let has = |flag| address.flags().is_some_and(|flags| flags.contains(flag));
    let waits = has(AddressFlags::TENTATIVE) && !has(AddressFlags::OPTIMISTIC);
    !waits && !has(AddressFlags::DADFAILED)
}

fn place(address: &Address, host: &Snapshot) -> Place {
    let link = host.link_of(address);
    (
        address.link_index(),
        link.map(|link| link.name().to_string()),
    )
}

fn text((ip, zone): (IpAddr, Option<String>)) -> String {
    match zone {
        Some(zone) => format!("{ip}%{zone}"),
        None => ip.to_string(),
    }
}
