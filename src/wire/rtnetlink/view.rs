//! Checked views of the parts of a datagram.

use thiserror::Error;

use crate::snapshot::Name;

// linux/netlink.h, linux/rtnetlink.h
const NLA_TYPE_MASK: u16 = 0x3fff;
const RTA_HDRLEN: usize = 4;

/// A part of a datagram, which knows where it stands.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub bytes: &'a [u8],
    pub offset: usize,
}

impl<'a> View<'a> {
    pub fn array<const N: usize>(
        self,
        at: usize,
        what: &'static str,
    ) -> Result<[u8; N], DecodeError> {
        let bytes = self
            .bytes
            .get(at..)
            .and_then(|rest| rest.first_chunk::<N>());
        bytes.copied().ok_or(DecodeError::Short {
            what,
            need: N,
            offset: self.offset + at,
        })
    }

    pub fn u16(self, at: usize, what: &'static str) -> Result<u16, DecodeError> {
        self.array(at, what).map(u16::from_ne_bytes)
    }

    pub fn u32(self, at: usize, what: &'static str) -> Result<u32, DecodeError> {
        self.array(at, what).map(u32::from_ne_bytes)
    }

    /// What follows the first `at` bytes; nothing if there are fewer.
    pub fn rest(self, at: usize) -> View<'a> {
        View {
            bytes: self.bytes.get(at..).unwrap_or_default(),
            offset: self.offset.saturating_add(at),
        }
    }

    pub fn after(self, at: usize, what: &'static str) -> Result<View<'a>, DecodeError> {
        if self.bytes.len() < at {
            let offset = self.offset;
            return Err(DecodeError::Short {
                what,
                need: at,
                offset,
            });
        }
        Ok(self.rest(at))
    }

    /// A name up to its NUL; an empty one is none.
    pub fn name(self, what: &'static str) -> Result<Option<Name>, DecodeError> {
        let bytes = self.bytes.split(|b| *b == 0).next().unwrap_or_default();
        if bytes.is_empty() {
            return Ok(None);
        }
        let (len, offset) = (bytes.len(), self.offset);
        Name::from_bytes(bytes)
            .map(Some)
            .map_err(|_| DecodeError::Length { what, len, offset })
    }

    /// The attributes (`struct rtattr`), with the two flag bits of their types taken off.
    pub fn attributes(self) -> impl Iterator<Item = Result<(u16, View<'a>), DecodeError>> {
        let mut rest = self;
        std::iter::from_fn(move || {
            // Fewer bytes than a header is padding.
            if rest.bytes.len() < RTA_HDRLEN {
                return None;
            }
            let attribute = rest.attribute();
            rest = match &attribute {
                Ok((_, value)) => rest.rest((RTA_HDRLEN + value.bytes.len()).next_multiple_of(4)),
                Err(_) => rest.rest(rest.bytes.len()),
            };
            Some(attribute)
        })
    }

    /// The attribute at the start.
    fn attribute(self) -> Result<(u16, View<'a>), DecodeError> {
        let len = self.u16(0, "rta_len")? as usize;
        let kind = self.u16(2, "rta_type")? & NLA_TYPE_MASK;
        let bytes = self.bytes.get(RTA_HDRLEN..len).ok_or(DecodeError::Length {
            what: "rta_len",
            len,
            offset: self.offset,
        })?;
        let offset = self.offset + RTA_HDRLEN;
        Ok((kind, View { bytes, offset }))
    }
}

/// Why bytes are not a sound datagram; offsets are in bytes from its start.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Something ends before it should.
    #[error("{what} at byte {offset} is short: it takes {need} bytes")]
    Short {
        /// The kernel's name of it.
        what: &'static str,
        /// How many bytes it takes.
        need: usize,
        /// Where it starts.
        offset: usize,
    },
    /// A length does not fit what is around it.
    #[error("{what} at byte {offset}: {len} bytes cannot be")]
    Length {
        /// The kernel's name of it.
        what: &'static str,
        /// The length in bytes.
        len: usize,
        /// Where it starts.
        offset: usize,
    },
    /// A prefix is longer than an address of its family.
    #[error("the prefix length {prefix_len} before byte {offset} is longer than the address")]
    PrefixLen {
        /// The prefix length.
        prefix_len: u8,
        /// Where the attributes of the address start.
        offset: usize,
    },
    /// A message about an address has neither `IFA_LOCAL` nor `IFA_ADDRESS`.
    #[error("neither IFA_LOCAL nor IFA_ADDRESS after byte {offset}")]
    NoAddress {
        /// Where the attributes of the address start.
        offset: usize,
    },
    /// A message about a link has no `IFLA_IFNAME`.
    #[error("no IFLA_IFNAME after byte {offset}")]
    NoName {
        /// Where the message starts.
        offset: usize,
    },
}
