//! Captures this host by rtnetlink(7).

use std::time::Duration;

use nix::errno::Errno;

use super::dump::{Bound, Dump, Dumper};
use super::error::KernelError;
use crate::rule::{Decide, Decision, Needs};
use crate::snapshot::{About, Consistency, Family, Link, LinkName, Name, Snapshot, Source, Table};
use crate::sys::host;
use crate::wire::DecodeError;
use crate::wire::rtnetlink::{
    Frame, Wire, request_addresses, request_link, request_link_alt_named, request_link_named,
    request_links,
};

/// The remembered choice is gone if it is missing so many times in a row.
const BELIEVE_AFTER: u32 = 3;

impl Snapshot {
    /// Captures this host: the addresses of both families and all links, by rtnetlink(7).
    ///
    /// It sees the network namespace it runs in. A daemon that only wants a decision keeps a
    /// [`Capturer`], which asks for less.
    ///
    /// ```
    /// # fn main() -> Result<(), bindnet::KernelError> {
    /// let host = bindnet::Snapshot::capture()?;
    /// for address in host.addresses() {
    ///     assert!(host.link_of(&address).is_some());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the kernel cannot be asked or does not answer. If AF_NETLINK is refused, the error names
    /// the setting to change. A list that never came out clean is no error: [`About::consistency`]
    /// says so.
    pub fn capture() -> Result<Self, KernelError> {
        Capturer::open()?.capture()
    }
}

/// A socket and buffers for asking the kernel again and again, as a daemon does.
///
/// It belongs to the network namespace of its thread when it was opened. A thread that enters a
/// different namespace (setns(2)) opens a new one: after a dump that was given up the capturer
/// opens its socket again, in the namespace of that moment. It has no thread and is not shared
/// between threads; after fork(2) the child opens its own.
///
/// ```
/// use bindnet::live::Capturer;
/// use bindnet::Selector;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut capturer = Capturer::open()?;
/// let decision = capturer.decide(&Selector::new("127.0.0.1".parse()?))?;
/// assert!(decision.chosen().is_none_or(|chosen| chosen.ip().is_loopback()));
/// # Ok(())
/// # }
/// ```
#[must_use = "a capturer that is dropped closes its socket"]
#[derive(Debug)]
pub struct Capturer {
    dumper: Dumper,
    pub(super) bound: Bound,
    /// Whether links and addresses were listed in one order, that of the links.
    pub(super) in_link_order: bool,
    /// A snapshot whose memory is used for every question.
    pub(super) scratch: Snapshot,
    /// Links that were found by their names, with their indexes, the newest first.
    pub(super) found: Vec<(Name, u32)>,
}

impl Capturer {
    /// Opens the socket. An interrupted dump is repeated up to ten times within half a second.
    ///
    /// # Errors
    /// If the socket is refused.
    pub fn open() -> Result<Self, KernelError> {
        Ok(Self {
            dumper: Dumper::open()?,
            bound: Bound {
                attempts: 10,
                timeout: Duration::from_millis(500),
            },
            in_link_order: true,
            scratch: Snapshot::default(),
            found: Vec::new(),
        })
    }

    /// The largest number of dumps until one is clean; at least one is made.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.bound.attempts = attempts;
        self
    }

    /// The time that the kernel may take for a dump. After this time no dump is repeated.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.set_timeout(timeout);
        self
    }

    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.bound.timeout = timeout;
    }

    /// Captures this host: the addresses of both families and all links.
    ///
    /// # Errors
    /// As for [`Snapshot::capture`].
    pub fn capture(&mut self) -> Result<Snapshot, KernelError> {
        let mut snapshot = Snapshot::default();
        let mut clean = self.dump_links(&mut snapshot)?;
        clean &= self.dump_addresses(Family::V4, None, &mut snapshot)?;
        clean &= self.dump_addresses(Family::V6, None, &mut snapshot)?;
        clean &= self.adopt_orphans(&mut snapshot)?;
        *snapshot.about_mut() = About {
            hostname: host::hostname(),
            captured_at: host::now(),
            kernel: host::kernel(),
            ..about(clean)
        };
        Ok(snapshot)
    }

    /// Decides on what the kernel has now, and asks only for what the selector needs: one family,
    /// the one link if it is restricted to one, and else the links of candidates. A selector that
    /// lists all addresses needs all. If the remembered choice is missing it asks twice more.
    ///
    /// It takes a [`Selector`](crate::Selector) or a
    /// [`ProfileSelector`](crate::corosync::ProfileSelector).
    ///
    /// The decision is that of the selector on a whole [`Snapshot::capture`].
    ///
    /// # Errors
    /// As for [`Snapshot::capture`].
    pub fn decide(&mut self, selector: &dyn Decide) -> Result<Decision, KernelError> {
        let needs = selector.needs();
        if needs.all {
            return Ok(selector.decide(&self.capture()?));
        }
        let mut decision = self.decide_once(selector, &needs)?;
        // Under churn a dump may lack an address, and the kernel does not mark it as interrupted.
        // So a remembered address that is missing once is not given up.
        for _ in 1..BELIEVE_AFTER {
            if !decision.misses_previous() {
                break;
            }
            decision = self.decide_once(selector, &needs)?;
        }
        Ok(decision)
    }

    fn decide_once(
        &mut self,
        selector: &dyn Decide,
        needs: &Needs,
    ) -> Result<Decision, KernelError> {
        let mut host = std::mem::take(&mut self.scratch);
        host.clear();
        let result = self
            .fill_addresses(needs, &mut host)
            .and_then(|()| self.fill_links(selector, &mut host));
        let decision = result.map(|()| selector.decide(&host));
        self.scratch = host;
        decision
    }

    /// A link by its index; `None` if it is gone.
    pub(super) fn link(&mut self, index: u32) -> Result<Option<Link>, KernelError> {
        let link = self.dumper.socket()?.link(index);
        unless_gone("SIOCGIFNAME, SIOCGIFFLAGS, SIOCGIFHWADDR", link)
    }

    pub(super) fn dump_addresses(
        &mut self,
        family: Family,
        link: Option<u32>,
        snapshot: &mut Snapshot,
    ) -> Result<bool, KernelError> {
        let dump = Dump {
            what: match family {
                Family::V4 => "RTM_GETADDR of AF_INET",
                Family::V6 => "RTM_GETADDR of AF_INET6",
            },
            request: &|sequence| request_addresses(family, link, sequence),
            is_acknowledged: false,
            restart: &|snapshot: &mut Snapshot| snapshot.clear_addresses(family),
            // A kernel before 4.20 also sends addresses that were not asked for.
            each: &|snapshot: &mut Snapshot, frame| match family {
                Family::V4 => push(&mut snapshot.v4, frame, link),
                Family::V6 => push(&mut snapshot.v6, frame, link),
            },
        };
        self.dumper.dump(&dump, self.bound, snapshot)
    }

    pub(super) fn dump_links(&mut self, snapshot: &mut Snapshot) -> Result<bool, KernelError> {
        let dump = Dump {
            what: "RTM_GETLINK",
            request: &request_links,
            is_acknowledged: false,
            restart: &|links: &mut Vec<Link>| links.clear(),
            each: &|links: &mut Vec<Link>, frame| {
                links.extend(frame.new_link()?);
                Ok(())
            },
        };
        let mut links = Vec::new();
        let clean = self.dumper.dump(&dump, self.bound, &mut links)?;
        snapshot.set_links(links);
        Ok(clean)
    }

    /// A link by its index with all its attributes, by a request that waits for the RTNL lock;
    /// `None` if it is gone.
    pub(super) fn ask_for_link(&mut self, index: u32) -> Result<Option<Link>, KernelError> {
        self.ask_for_one(&|sequence| request_link(index, sequence))
    }

    /// The same for a link by its name or an alternative name.
    pub(super) fn ask_for_named_link(
        &mut self,
        name: LinkName,
    ) -> Result<Option<Link>, KernelError> {
        match name.name() {
            Some(name) => self.ask_for_one(&|sequence| request_link_named(name, sequence)),
            None => match self.ask_for_one(&|sequence| request_link_alt_named(name, sequence)) {
                // A kernel before 5.5 knows no alternative names, and refuses the attribute.
                Err(error) if error.is_refused_with(Errno::EINVAL) => Ok(None),
                result => result,
            },
        }
    }

    fn ask_for_one<const N: usize>(
        &mut self,
        request: &dyn Fn(u32) -> [u8; N],
    ) -> Result<Option<Link>, KernelError> {
        let ask = Dump {
            what: "RTM_GETLINK of one link",
            request,
            is_acknowledged: true,
            restart: &|link: &mut Option<Link>| *link = None,
            each: &|link: &mut Option<Link>, frame| {
                *link = frame.new_link()?.or(link.take());
                Ok(())
            },
        };
        let mut link = None;
        match self.dumper.dump(&ask, self.bound, &mut link) {
            Ok(_) => Ok(link),
            Err(error) if error.is_no_device() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Lists the links that were made after the links were dumped, in their order, and drops the
    /// addresses of links that are gone. Returns whether the list is clean.
    fn adopt_orphans(&mut self, snapshot: &mut Snapshot) -> Result<bool, KernelError> {
        if snapshot.is_complete() {
            return Ok(true);
        }
        let clean = self.dump_links(snapshot)?;
        snapshot.drop_orphans();
        Ok(clean)
    }
}

/// Appends the address that a message is about to its table, if it is on the link.
#[inline]
fn push<A: Wire>(
    table: &mut Table<A>,
    frame: &Frame<'_>,
    link: Option<u32>,
) -> Result<(), DecodeError> {
    if let Some(entry) = frame.new_address::<A>()?
        && link.is_none_or(|link| entry.facts.link() == Some(link))
    {
        table.push(entry);
    }
    Ok(())
}

pub(super) fn about(clean: bool) -> About {
    About {
        source: Some(Source::Netlink),
        consistency: Some(if clean {
            Consistency::Consistent
        } else {
            Consistency::Interrupted
        }),
        ..About::default()
    }
}

/// The answer about a link; `None` if the link is gone.
fn unless_gone<T>(call: &'static str, result: nix::Result<T>) -> Result<Option<T>, KernelError> {
    match result {
        Ok(answer) => Ok(Some(answer)),
        Err(Errno::ENODEV | Errno::ENXIO) => Ok(None),
        Err(errno) => Err(KernelError::system(call, errno)),
    }
}
