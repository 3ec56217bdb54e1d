//! Asks the kernel for the needs of a decision, and for no more.

use super::capturer::{Capturer, about};
use super::error::KernelError;
use crate::rule::{Decide, LinkIndexes, Needs, Restriction};
use crate::snapshot::{Family, HardwareAddress, Link, LinkName, Snapshot};

/// Above so many links one dump of all of them is cheaper than four ioctls for each.
const ASK_AT_MOST: usize = 64;

/// The indexes of so many links that were found by their names are remembered.
const FOUND_AT_MOST: usize = 8;

impl Capturer {
    /// The addresses that a decision needs, and the links that it names.
    pub(super) fn fill_addresses(
        &mut self,
        needs: &Needs,
        host: &mut Snapshot,
    ) -> Result<(), KernelError> {
        self.add_named_links(needs, host)?;
        let restriction = needs.restriction(host);
        let result = match restriction {
            Restriction::None => self.dump_addresses(needs.family, None, host),
            Restriction::Link(index) => self.dump_addresses(needs.family, Some(index), host),
            // The decision says so if it is the label of an address, which IPv4 alone has.
            Restriction::NoSuchLink if needs.may_name_label() => {
                self.dump_addresses(Family::V4, None, host)
            }
            Restriction::NoSuchLink => Ok(true),
        };
        let clean = match (result, restriction) {
            // The link has just gone.
            (Err(error), Restriction::Link(index)) if error.is_no_device() => {
                host.drop_link(index);
                true
            }
            (result, _) => result?,
        };
        *host.about_mut() = about(clean);
        Ok(())
    }

    /// The links that a decision about these addresses needs.
    ///
    /// The addresses that match are looked for here, and once more by the decision, which weighs
    /// them by their links. The second scan costs 1 µs beside a dump of 3 ms (docs/performance.md).
    /// It is no faster to keep the matches of the first scan: they are positions, and those change
    /// if a link is gone.
    pub(super) fn fill_links(
        &mut self,
        selector: &dyn Decide,
        host: &mut Snapshot,
    ) -> Result<(), KernelError> {
        loop {
            let mut missing = selector.links_needed(host);
            missing.retain(|index| host.link(*index).is_none());
            if missing.len() > ASK_AT_MOST {
                let clean = self.dump_links(host)?;
                if !clean {
                    *host.about_mut() = about(clean);
                }
                host.drop_orphans();
                return Ok(());
            }
            let mut gone = false;
            for index in missing {
                match self.link(index)? {
                    Some(link) => host.add_link(link),
                    None => {
                        host.drop_addresses_on(index);
                        gone = true;
                    }
                }
            }
            // A link that is gone takes its addresses along, and others may be asked about then.
            if !gone && !self.fill_attributes(selector, host)? {
                return Ok(());
            }
        }
    }

    /// The kinds and masters of links that the decision needs, which no ioctl tells: the request waits
    /// for the RTNL lock. Returns whether a link is gone.
    fn fill_attributes(
        &mut self,
        selector: &dyn Decide,
        host: &mut Snapshot,
    ) -> Result<bool, KernelError> {
        let mut missing = LinkIndexes::new();
        // Only a macvlan wears the address of a VRRP router for nothing else.
        let vrrp = |link: &&Link| link.mac().is_some_and(HardwareAddress::is_vrrp);
        missing.extend(host.links().iter().filter(vrrp).map(Link::index));
        if host.links().len() > 1 {
            missing.extend(selector.masters_needed(host));
        }
        missing.sort_unstable();
        missing.dedup();
        let mut masters = LinkIndexes::new();
        for index in &missing {
            match self.ask_for_link(*index)? {
                Some(link) => {
                    let master = link.master().filter(|master| !missing.contains(master));
                    masters.extend(master);
                    host.replace_link(link);
                }
                // It must not stay listed, or it would be asked for again and again.
                None => {
                    host.drop_link(*index);
                    host.drop_addresses_on(*index);
                    return Ok(true);
                }
            }
        }
        for index in masters {
            if let Some(link) = self.ask_for_link(index)? {
                host.add_or_replace_link(link);
            }
        }
        Ok(false)
    }

    /// Lists the links that a selector names, as far as they exist.
    fn add_named_links(&mut self, needs: &Needs, host: &mut Snapshot) -> Result<(), KernelError> {
        for zone in needs.zones().into_iter().flatten() {
            let name = zone.name();
            if name.is_some_and(|name| host.link_named(&name).is_some()) {
                continue;
            }
            let named = match name {
                Some(name) => self.named_link(name)?,
                None => None,
            };
            if let Some(link) = named {
                // By its index it is listed without its alternative names.
                host.add_or_replace_link(link);
            } else if let Some(index) = zone.index()
                && host.link(index).is_none()
                && let Some(link) = self.link(index)?
            {
                host.add_link(link);
            }
        }
        Ok(())
    }

    /// A link by its name or an alternative name; `None` if there is none.
    ///
    /// If it was found before by its own name, only the index is asked, which takes no RTNL lock: while
    /// the link of this index has the name, no other link has it. An alternative name is asked for each
    /// time, because no ioctl reads it. An ioctl by name is never made: it loads modules.
    fn named_link(&mut self, name: LinkName) -> Result<Option<Link>, KernelError> {
        let Some(own) = name.name() else {
            return self.ask_for_named_link(name);
        };
        let found = self.found.iter().find(|(known, _)| *known == own);
        if let Some((_, index)) = found.copied()
            && let Some(link) = self.link(index)?.filter(|link| link.name() == own)
        {
            return Ok(Some(link));
        }
        let link = self.ask_for_named_link(name)?;
        self.found.retain(|(known, _)| *known != own);
        if let Some(link) = link.as_ref().filter(|link| link.name() == own) {
            self.found.truncate(FOUND_AT_MOST - 1);
            self.found.insert(0, (own, link.index()));
        }
        Ok(link)
    }
}
