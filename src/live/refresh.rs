//! Asks the kernel again for the parts that have changed, and for no more.

use std::time::Instant;

use super::capturer::Capturer;
use super::dirty::Dirty;
use super::error::KernelError;
use crate::snapshot::{Consistency, Family, Snapshot};

impl Capturer {
    /// Brings a snapshot of this host up to date, and returns whether every list came out clean.
    pub(super) fn refresh(
        &mut self,
        dirty: &Dirty,
        host: &mut Snapshot,
    ) -> Result<bool, KernelError> {
        if dirty.is_everything() || !self.in_link_order {
            *host = self.capture()?;
            self.in_link_order = host.is_in_link_order();
            return Ok(host.about().consistency == Some(Consistency::Consistent));
        }
        let begun = Instant::now();
        let mut clean = self.refresh_links(dirty, host)?;
        for (index, marks) in dirty.links() {
            if begun.elapsed() >= self.bound.timeout {
                return Ok(false);
            }
            if marks.v4 {
                clean &= self.refresh_addresses(index, Family::V4, host)?;
            }
            if marks.v6 {
                clean &= self.refresh_addresses(index, Family::V6, host)?;
            }
        }
        Ok(clean)
    }

    fn refresh_links(&mut self, dirty: &Dirty, host: &mut Snapshot) -> Result<bool, KernelError> {
        let mut is_new = false;
        for (index, marks) in dirty.links() {
            let listed = host.link(index).is_some();
            if listed && !marks.link {
                continue;
            }
            match self.ask_for_link(index)? {
                Some(link) if listed && !marks.gone => host.replace_link(link),
                // A link that was made again may be elsewhere in the list.
                Some(_) => {
                    host.remove_link(index);
                    is_new = true;
                }
                None => host.remove_link(index),
            }
        }
        // Only the list tells the position of a new link.
        if !is_new {
            return Ok(true);
        }
        let clean = self.dump_links(host)?;
        host.drop_orphans();
        Ok(clean && host.is_in_link_order())
    }

    fn refresh_addresses(
        &mut self,
        index: u32,
        family: Family,
        host: &mut Snapshot,
    ) -> Result<bool, KernelError> {
        if host.link(index).is_none() {
            return Ok(true);
        }
        let mut answer = std::mem::take(&mut self.scratch);
        answer.clear();
        let result = self.dump_addresses(family, Some(index), &mut answer);
        if result.is_ok() {
            host.replace_addresses_on(index, family, &answer);
        }
        self.scratch = answer;
        match result {
            Err(error) if error.is_no_device() => {
                host.remove_link(index);
                Ok(true)
            }
            result => result,
        }
    }
}
