//! The remembered choices of a daemon, as the text of a state file. This module touches no file.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use smallvec::{SmallVec, smallvec};

use super::state_reader;
use crate::explain::{guess, may_pass, not_used};
use crate::rule::{BindnetAddr, Decision, ScopedAddr, Selector, Zone};
use crate::snapshot::{Name, ParseError, is_link_local};

/// The first line: the name of the format, and its version.
pub(crate) const FIRST: &str = "bindnet-state/1";

/// The last line, which shows that nothing was cut off.
pub(crate) const LAST: &str = "end";

/// The choices that a daemon remembers, one for each bindnetaddr: the text of a
/// [`StateFile`](crate::StateFile).
///
/// ```text
/// bindnet-state/1
/// # A comment has a line of its own. It is lost when the file is written.
/// bindnetaddr 192.0.2.0 address 192.0.2.10 prefix 24 interface eth0
/// bindnetaddr fe80:: address fe80::1 prefix 64 interface eth0 unsettled weak-evidence
/// end
/// ```
///
/// `prefix` and `interface` may be missing. They are there for people, except the interface of an IPv6
/// link-local address, which is a part of the choice. An interface is written as [`Name`] prints it,
/// with white space and `/` also as `\xNN`. A truncated text is always an error, because nothing may
/// follow `end` and its newline, not even an empty line.
///
/// `unsettled` marks a choice that was a guess, with the code of the doubt
/// ([`Separation::code`](crate::rule::Separation::code)). A reader of it keeps the choice, and warns. Any
/// word of lower-case letters, digits and `-` is read, because a later version may have more codes. The
/// mark goes when the same choice is remembered again by a decision that is not ambiguous and does not
/// rest on memory: if the address is declared fixed, or if the selector remembered nothing.
///
/// ```
/// use bindnet::choice::State;
///
/// let text = "bindnet-state/1\nbindnetaddr fe80:: address fe80::1 interface eth0\nend\n";
/// let state = State::parse(text.as_bytes())?;
/// assert_eq!(state.get(&"fe80::".parse()?), Some("fe80::1%eth0".parse()?));
/// assert_eq!(state.to_string(), text);
///
/// let error = State::parse(b"bindnet-state/1\nbindnetaddr 192.0.2.0 addr 192.0.2.10\nend\n");
/// assert_eq!(
///     error.unwrap_err().to_string(),
///     "line 2, \"bindnetaddr 192.0.2.0 addr 192.0.2.10\": \"addr\" stands where \"address\" is \
///      expected; write for instance bindnetaddr 192.0.2.0 address 192.0.2.10 prefix 24 \
///      interface eth0\nCorrect it, or remove the file to choose anew.",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// No two for one bindnetaddr.
    pub(crate) entries: Vec<Entry>,
}

impl State {
    /// The longest text in bytes; fifty entries fit, or some forty if all are marked `unsettled`.
    pub const MAX_LEN: usize = 4096;

    /// Reads the text of a state file.
    ///
    /// ```
    /// use bindnet::choice::State;
    ///
    /// assert_eq!(State::parse(b"bindnet-state/1\nend\n"), Ok(State::default()));
    /// assert_eq!(State::parse(b"").unwrap_err().line(), Some(1));
    /// ```
    ///
    /// # Errors
    /// If it is damaged: the error names the line and what would be accepted. A daemon should stop
    /// then, so that a person corrects the text or removes the file.
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        state_reader::read(text)
    }

    /// The remembered choice for a bindnetaddr, as [`Selector::previous`](crate::Selector::previous)
    /// takes it.
    ///
    /// ```
    /// use bindnet::choice::State;
    ///
    /// let text = b"bindnet-state/1\nbindnetaddr 192.0.2.0 address 192.0.2.10\nend\n";
    /// let state = State::parse(text)?;
    /// assert_eq!(state.get(&"192.0.2.0".parse()?), Some("192.0.2.10".parse()?));
    /// // Another bindnetaddr, though it may mean the same: `overlapping` has it.
    /// assert_eq!(state.get(&"192.0.2.0/24".parse()?), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&self, bindnet: &BindnetAddr) -> Option<ScopedAddr> {
        self.entry(bindnet).map(Entry::scoped_addr)
    }

    /// The code of the doubt under which the choice for a bindnetaddr was made; `None` if it was settled,
    /// or if nothing is remembered.
    ///
    /// ```
    /// use bindnet::choice::State;
    ///
    /// let text = "bindnet-state/1\nbindnetaddr 192.0.2.0 address 192.0.2.10 unsettled lease\nend\n";
    /// let state = State::parse(text.as_bytes())?;
    /// assert_eq!(state.unsettled(&"192.0.2.0".parse()?), Some("lease"));
    /// assert_eq!(
    ///     state.warnings(&"192.0.2.0".parse()?),
    ///     ["the remembered choice, 192.0.2.10, was a guess: the others were no leases (lease). To \
    ///       settle it, declare the address of this host fixed."],
    /// );
    /// # Ok::<(), bindnet::ParseError>(())
    /// ```
    pub fn unsettled(&self, bindnet: &BindnetAddr) -> Option<&str> {
        self.entry(bindnet)?.unsettled.as_deref()
    }

    fn entry(&self, bindnet: &BindnetAddr) -> Option<&Entry> {
        self.entries.iter().find(|e| e.bindnet == *bindnet)
    }

    /// The entries of other bindnetaddrs that overlap this one: the address or network of one is
    /// inside that of the other. There are none if this one has an entry.
    ///
    /// They may be the same bindnetaddr in a different form, or a different one. Only a person can tell,
    /// so [`State::get`] does not use them.
    ///
    /// ```
    /// use bindnet::choice::State;
    ///
    /// let text = b"bindnet-state/1\nbindnetaddr 192.0.2.0 address 192.0.2.10\nend\n";
    /// let state = State::parse(text)?;
    /// let network = "192.0.2.0/24".parse()?;
    /// let found = state.overlapping(&network).next();
    /// assert_eq!(found, Some(("192.0.2.0".parse()?, "192.0.2.10".parse()?)));
    /// assert_eq!(state.overlapping(&"192.0.2.0".parse()?).next(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn overlapping(
        &self,
        bindnet: &BindnetAddr,
    ) -> impl Iterator<Item = (BindnetAddr, ScopedAddr)> {
        let bindnet = bindnet.clone();
        let known = self.get(&bindnet).is_some();
        let others = self.entries.iter().filter(move |_| !known);
        others
            .filter(move |entry| entry.overlaps(&bindnet))
            .map(|entry| (entry.bindnet.clone(), entry.scoped_addr()))
    }

    /// Warnings for the reader of a decision about a bindnetaddr, one or two sentences each: about its
    /// entry, if that was a guess, or about the [overlapping](State::overlapping) entries.
    ///
    /// ```
    /// use bindnet::choice::State;
    ///
    /// let text = b"bindnet-state/1\nbindnetaddr 192.0.2.0 address 192.0.2.10\nend\n";
    /// assert_eq!(
    ///     State::parse(text)?.warnings(&"192.0.2.0/24".parse()?),
    ///     ["nothing is remembered for 192.0.2.0/24; 192.0.2.10, remembered for 192.0.2.0, was not \
    ///       used. If both mean the same, change the entry in the state file to bindnetaddr \
    ///       192.0.2.0/24."],
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn warnings(&self, bindnet: &BindnetAddr) -> Vec<String> {
        let entry = self.entry(bindnet);
        let code = entry.and_then(|entry| Some((entry.scoped_addr(), entry.unsettled.as_ref()?)));
        let guess = code.map(|(address, code)| guess(&address, code));
        let not_used = |entry| not_used(bindnet, &entry);
        let overlapping = self.overlapping(bindnet).map(not_used);
        guess.into_iter().chain(overlapping).collect()
    }

    /// Every bindnetaddr with its remembered choice, in the order of the text.
    ///
    /// ```
    /// use bindnet::choice::State;
    ///
    /// let text = b"bindnet-state/1\nbindnetaddr 192.0.2.0 address 192.0.2.10\nend\n";
    /// for (bindnet, address) in State::parse(text)?.iter() {
    ///     assert_eq!(format!("{bindnet}: {address}"), "192.0.2.0: 192.0.2.10");
    /// }
    /// # Ok::<(), bindnet::ParseError>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (BindnetAddr, ScopedAddr)> {
        let pair = |entry: &Entry| (entry.bindnet.clone(), entry.scoped_addr());
        self.entries.iter().map(pair)
    }

    /// Takes the choice of a decision if there is none for its bindnetaddr, or if it is the same choice
    /// and is settled now. Returns whether anything changed.
    pub(crate) fn remember(&mut self, decision: &Decision) -> bool {
        let Some(new) = Entry::of(decision) else {
            return false;
        };
        match self.entry_mut(&new) {
            None => self.entries.push(new),
            Some(old) if old.is_settled_by(&new, decision) => old.unsettled = None,
            Some(_) => return false,
        }
        true
    }

    /// Takes the choice of a decision, and replaces an older one. Returns whether anything changed.
    pub(crate) fn replace(&mut self, decision: &Decision) -> bool {
        let Some(mut new) = Entry::of(decision) else {
            return false;
        };
        let Some(old) = self.entry_mut(&new) else {
            self.entries.push(new);
            return true;
        };
        if old.scoped_addr() == new.scoped_addr() && !old.is_settled_by(&new, decision) {
            new.unsettled.clone_from(&old.unsettled);
        }
        let changes = *old != new;
        *old = new;
        changes
    }

    /// The entry for the bindnetaddr of a new one.
    fn entry_mut(&mut self, new: &Entry) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|e| e.bindnet == new.bindnet)
    }
}

impl Selector {
    /// Takes the remembered choice for the bindnetaddr from the text of a state file.
    ///
    /// If it remembers nothing for this one, but something for a bindnetaddr that
    /// [overlaps](State::overlapping) it, decisions warn of that as long as there is no other
    /// remembered choice. They warn, too, if the choice was a guess ([`State::unsettled`]).
    ///
    /// ```
    /// # use bindnet::choice::State;
    /// # use bindnet::{Address, Link, Selector, Snapshot};
    /// # let host = Snapshot::new([Link::new(2, "eth0".parse()?)], [
    /// #     Address::new("192.0.2.20/24".parse()?, 2), Address::new("192.0.2.10/24".parse()?, 2)])?;
    /// let state = b"bindnet-state/1\nbindnetaddr 192.0.2.0 address 192.0.2.10\nend\n";
    /// let state = State::parse(state)?;
    /// let decide = |selector: Selector| selector.remembering(&state).decide(&host);
    ///
    /// let decision = decide(Selector::new("192.0.2.0".parse()?));
    /// assert_eq!(decision.chosen().unwrap().ip().to_string(), "192.0.2.10");
    /// let decision = decide(Selector::new("192.0.2.0/24".parse()?));
    /// assert_eq!(decision.chosen().unwrap().ip().to_string(), "192.0.2.20");
    /// assert!(decision.warnings()[0].starts_with("nothing is remembered for 192.0.2.0/24; "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remembering(mut self, state: &State) -> Self {
        if let Some(entry) = state.entry(&self.bindnet) {
            self.previous = Some(entry.scoped_addr());
            self.unsettled.clone_from(&entry.unsettled);
        }
        self.not_used = state.overlapping(&self.bindnet).collect();
        self
    }
}

impl fmt::Display for State {
    /// The text of a state file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST}")?;
        for entry in &self.entries {
            writeln!(f, "{entry}")?;
        }
        writeln!(f, "{LAST}")
    }
}

/// The choice for one bindnetaddr.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub bindnet: BindnetAddr,
    /// An address of the family of the bindnetaddr.
    pub ip: IpAddr,
    pub prefix: Option<u8>,
    pub interface: Option<Name>,
    /// The code of the doubt under which it was chosen: a word of `a-z`, `0-9` and `-`.
    pub unsettled: Option<Arc<str>>,
}

impl Entry {
    /// The choice of a decision. An interrupted snapshot may lack the address that would have been
    /// chosen, so it gives none. Nor does a decision with a doubt that may pass: the right address may
    /// come. The choice of a different rule is not ours to remember.
    fn of(decision: &Decision) -> Option<Self> {
        let interrupted = decision.is_interrupted();
        let ours = !interrupted && decision.is_ours();
        let chosen = decision.chosen().filter(|_| ours)?;
        let unsettled = decision.doubt();
        if unsettled.as_deref().is_some_and(may_pass) {
            return None;
        }
        Some(Self {
            bindnet: decision.bindnet().clone(),
            ip: chosen.ip(),
            prefix: chosen.netmask().prefix_len(),
            interface: chosen.interface(),
            unsettled,
        })
    }

    /// Whether the new entry, from this decision, is the same choice without a doubt. Memory alone
    /// settles none.
    fn is_settled_by(&self, new: &Self, decision: &Decision) -> bool {
        let is_settled = new.unsettled.is_none() && !decision.rests_on_memory();
        self.unsettled.is_some() && is_settled && self.scoped_addr() == new.scoped_addr()
    }

    /// Whether a different bindnetaddr may mean the same network, or a part of it.
    fn overlaps(&self, bindnet: &BindnetAddr) -> bool {
        let (own, other) = (self.networks(), bindnet.written());
        let overlap = |a: &IpNet, b: &IpNet| a.contains(b) || b.contains(a);
        let zones = self.bindnet.zone().zip(bindnet.zone());
        own.iter().any(|a| other.iter().any(|b| overlap(a, b)))
            && zones.is_none_or(|(a, b)| a.may_be(&b))
    }

    /// The networks that the bindnetaddr means. An address without a prefix means the network of the
    /// choice by the choice's own mask, if it is the address of that network.
    fn networks(&self) -> SmallVec<[IpNet; 1]> {
        let own = self.prefix.and_then(|len| IpNet::new(self.ip, len).ok());
        let own = own.map(|net| net.trunc()).filter(|net| {
            let is_written = !self.bindnet.networks().is_empty();
            !is_written && net.addr() == self.bindnet.ip() && net.addr() != self.ip
        });
        own.map_or_else(|| self.bindnet.written(), |net| smallvec![net])
    }

    fn scoped_addr(&self) -> ScopedAddr {
        let link = self.interface.filter(|_| is_link_local(self.ip));
        ScopedAddr::new(self.ip, link.map(Zone::from))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bindnetaddr {} address {}", self.bindnet, self.ip)?;
        if let Some(prefix) = self.prefix {
            write!(f, " prefix {prefix}")?;
        }
        if let Some(interface) = self.interface {
            // As a zone, so that white space in the name does not end it.
            write!(f, " interface {}", Zone::from(interface))?;
        }
        match &self.unsettled {
            Some(code) => write!(f, " unsettled {code}"),
            None => Ok(()),
        }
    }
}
