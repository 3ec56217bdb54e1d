//! Checked access to the parts of a datagram.

use crate::snapshot::{LinkName, Name};
use crate::wire::DecodeError;

// linux/netlink.h, linux/rtnetlink.h
const NLA_TYPE_MASK: u16 = 0x3fff;
const RTA_HDRLEN: usize = 4;

/// A part of a datagram that knows its offset.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub bytes: &'a [u8],
    /// The end of the part in the datagram. [`Part::rest`] keeps it, which costs nothing.
    end: usize,
}

impl<'a> Part<'a> {
    #[inline]
    pub fn new(bytes: &'a [u8], offset: usize) -> Self {
        let end = offset.wrapping_add(bytes.len());
        Self { bytes, end }
    }

    /// Its offset in the datagram, in bytes.
    pub fn offset(self) -> usize {
        self.end.wrapping_sub(self.bytes.len())
    }

    #[inline]
    pub fn array<const N: usize>(
        self,
        at: usize,
        what: &'static str,
    ) -> Result<[u8; N], DecodeError> {
        match self.bytes.get(at..).and_then(<[u8]>::first_chunk::<N>) {
            Some(bytes) => Ok(*bytes),
            None => Err(self.short(at, what, N)),
        }
    }

    #[cold]
    fn short(self, at: usize, what: &'static str, need: usize) -> DecodeError {
        let offset = self.offset().saturating_add(at);
        DecodeError::Short { what, need, offset }
    }

    #[inline]
    pub fn u16(self, at: usize, what: &'static str) -> Result<u16, DecodeError> {
        self.array(at, what).map(u16::from_ne_bytes)
    }

    #[inline]
    pub fn u32(self, at: usize, what: &'static str) -> Result<u32, DecodeError> {
        self.array(at, what).map(u32::from_ne_bytes)
    }

    /// The bytes after the first `at`; none if there are fewer.
    #[inline]
    pub fn rest(self, at: usize) -> Part<'a> {
        let bytes = self.bytes.get(at..).unwrap_or_default();
        Part { bytes, ..self }
    }

    /// The same; an error if there are fewer.
    pub fn after(self, at: usize, what: &'static str) -> Result<Part<'a>, DecodeError> {
        if self.bytes.len() < at {
            return Err(self.short(0, what, at));
        }
        Ok(self.rest(at))
    }

    /// A name up to its NUL; `None` if it is empty.
    #[inline]
    pub fn name(self, what: &'static str) -> Result<Option<Name>, DecodeError> {
        let length = |_| self.length(what, self.bytes.len());
        Name::until_nul(self.bytes).map_err(length)
    }

    /// The same for a name that may be an alternative one.
    pub fn link_name(self, what: &'static str) -> Result<Option<LinkName>, DecodeError> {
        let name = self.bytes.split(|b| *b == 0).next().unwrap_or_default();
        if name.is_empty() {
            return Ok(None);
        }
        let name = LinkName::of_bytes(name);
        name.map(Some)
            .map_err(|_| self.length(what, self.bytes.len()))
    }

    /// The error for a wrong length here.
    #[cold]
    pub fn length(self, what: &'static str, len: usize) -> DecodeError {
        let offset = self.offset();
        DecodeError::Length { what, len, offset }
    }

    /// The attributes (`struct rtattr`), with the two flag bits of their types taken off.
    #[inline]
    pub fn attributes(self) -> Attributes<'a> {
        Attributes { rest: self }
    }
}

/// The iterator that [`Part::attributes`] returns; after an error there is no next.
pub(crate) struct Attributes<'a> {
    rest: Part<'a>,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<(u16, Part<'a>), DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest;
        // Fewer bytes than a header are padding.
        let header: [u8; RTA_HDRLEN] = *rest.bytes.first_chunk()?;
        let [len_0, len_1, kind_0, kind_1] = header;
        let len = u16::from_ne_bytes([len_0, len_1]) as usize;
        let kind = u16::from_ne_bytes([kind_0, kind_1]) & NLA_TYPE_MASK;
        let Some(value) = rest.bytes.get(RTA_HDRLEN..len) else {
            self.rest = rest.rest(rest.bytes.len());
            return Some(Err(rest.length("rta_len", len)));
        };
        self.rest = rest.rest(aligned(len));
        Some(Ok((kind, Part::new(value, rest.offset() + RTA_HDRLEN))))
    }
}

/// The length of existing bytes, rounded up to the start of the next message or attribute
/// (`NLMSG_ALIGN`).
#[inline]
pub(super) fn aligned(len: usize) -> usize {
    len.saturating_add(3) & !3
}
