//! Messages whose bodies are not read yet.

use super::part::{Part, aligned};
use super::*;

/// A message whose body is not read yet.
pub(crate) struct Frame<'a> {
    pub header: Header,
    kind: u16,
    flags: u16,
    body: Part<'a>,
}

/// Something about a link has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The index of the link.
    pub index: u32,
    pub what: Changed,
}

/// The part of a link that has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// Its addresses of one family.
    Addresses(Family),
    /// The link itself: it is new, or something of it is.
    Link,
    /// It is gone, or it has left its bridge, for which the kernel uses the same message.
    Gone,
}

/// The messages of one datagram, in order. After an error there is none.
pub(crate) fn frames(datagram: &[u8]) -> Frames<'_> {
    Frames {
        datagram,
        offset: 0,
    }
}

/// The iterator that [`frames`] returns.
#[derive(Clone, Debug)]
pub(crate) struct Frames<'a> {
    datagram: &'a [u8],
    offset: usize,
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<Frame<'a>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.offset;
        let bytes = self.datagram.get(offset..)?;
        if bytes.is_empty() {
            return None;
        }
        // Until the length is known to be sound, an error ends the iteration.
        self.offset = self.datagram.len();
        let frame = Frame::first_of(Part::new(bytes, offset));
        if let Ok(frame) = &frame {
            let len = NLMSG_HDRLEN + frame.body.bytes.len();
            self.offset = offset + aligned(len);
        }
        Some(frame)
    }
}

impl<'a> Frame<'a> {
    #[inline]
    fn first_of(rest: Part<'a>) -> Result<Self, DecodeError> {
        let len = rest.u32(0, "nlmsg_len")? as usize;
        let Some(body) = rest.bytes.get(NLMSG_HDRLEN..len) else {
            return Err(rest.length("nlmsg_len", len));
        };
        let flags = rest.u16(6, "nlmsg_flags")?;
        Ok(Self {
            header: Header {
                sequence: rest.u32(8, "nlmsg_seq")?,
                port: rest.u32(12, "nlmsg_pid")?,
                interrupted: flags & NLM_F_DUMP_INTR != 0,
            },
            kind: rest.u16(4, "nlmsg_type")?,
            flags,
            body: Part::new(body, rest.offset() + NLMSG_HDRLEN),
        })
    }

    /// The content of the message.
    pub fn message(&self) -> Result<Message, DecodeError> {
        let body = self.body;
        Ok(match self.kind {
            RTM_NEWADDR => address(body)?.map_or(Message::Other, Message::NewAddress),
            RTM_DELADDR => address(body)?.map_or(Message::Other, Message::DeletedAddress),
            RTM_NEWLINK => Message::NewLink(link(body)?),
            RTM_DELLINK => Message::DeletedLink(link(body)?),
            NLMSG_DONE => Message::Done(errno(body)?),
            NLMSG_ERROR => Message::Error(errno(body)?, words(body, self.flags)),
            NLMSG_OVERRUN => Message::Overrun,
            _ => Message::Other,
        })
    }

    /// Whether it is about the dump or the socket, and not an item of the dump.
    #[inline]
    pub fn is_control(&self) -> bool {
        self.kind < NLMSG_MIN_TYPE
    }

    /// The change that an event reports; `None` if it does not matter here.
    pub fn change(&self) -> Result<Option<Change>, DecodeError> {
        let (what, index) = match self.kind {
            RTM_NEWADDR | RTM_DELADDR => {
                let [family, ..] = self.body.array::<IFADDRMSG_LEN>(0, "ifaddrmsg")?;
                let index = self.body.u32(4, "ifa_index")?;
                match family {
                    AF_INET => (Changed::Addresses(Family::V4), index),
                    AF_INET6 => (Changed::Addresses(Family::V6), index),
                    _ => return Ok(None),
                }
            }
            RTM_NEWLINK => (Changed::Link, self.body.u32(4, "ifi_index")?),
            RTM_DELLINK => (Changed::Gone, self.body.u32(4, "ifi_index")?),
            _ => return Ok(None),
        };
        Ok(Some(Change { index, what }))
    }

    /// The address of a `RTM_NEWADDR`, if it is of this family.
    #[inline]
    pub fn new_address<A: Wire>(&self) -> Result<Option<Entry<A>>, DecodeError> {
        match self.kind {
            RTM_NEWADDR => entry(self.body),
            _ => Ok(None),
        }
    }

    /// The link of a `RTM_NEWLINK`.
    pub fn new_link(&self) -> Result<Option<Link>, DecodeError> {
        match self.kind {
            RTM_NEWLINK => link(self.body).map(Some),
            _ => Ok(None),
        }
    }
}

/// The error number of a `NLMSG_DONE` or `NLMSG_ERROR`, which carry it negated.
fn errno(body: Part<'_>) -> Result<i32, DecodeError> {
    Ok((body.u32(0, "error number")? as i32).saturating_neg())
}

/// The kernel's own words for an error (`NLMSGERR_ATTR_MSG`), which are no reason to fail.
fn words(body: Part<'_>, flags: u16) -> Option<String> {
    if flags & NLM_F_ACK_TLVS == 0 {
        return None;
    }
    // The answer repeats the request: only its header if the answer is capped, or else all of it.
    let request = if flags & NLM_F_CAPPED != 0 {
        NLMSG_HDRLEN
    } else {
        body.u32(4, "nlmsg_len").ok()? as usize
    };
    let attributes = body.rest(aligned(request).checked_add(4)?);
    let text = attributes
        .attributes()
        .map_while(Result::ok)
        .find(|(kind, _)| *kind == NLMSGERR_ATTR_MSG);
    let (_, text) = text?;
    Some(escape(text.bytes.split(|b| *b == 0).next()?))
}

#[cfg(all(test, feature = "proptest"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A message of a kind, with a body that begins with a family.
    fn message() -> impl Strategy<Value = Vec<u8>> {
        let kind = prop_oneof![RTM_NEWLINK..=RTM_DELADDR, any::<u16>()];
        let family = prop::sample::select(vec![0, AF_INET, 7, AF_INET6, 255]);
        let rest = prop::collection::vec(any::<u8>(), 0..40);
        (kind, family, rest).prop_map(|(kind, family, rest)| {
            let len = (NLMSG_HDRLEN + 1 + rest.len()) as u32;
            let mut bytes = len.to_ne_bytes().to_vec();
            bytes.extend(kind.to_ne_bytes());
            bytes.extend([0; 10]);
            bytes.push(family);
            bytes.extend(rest);
            bytes
        })
    }

    proptest! {
        /// A message that can be read whole is about the link that its first bytes name.
        #[test]
        fn a_change_is_of_the_link_of_the_message(bytes in message()) {
            let frame = frames(&bytes).next().unwrap().unwrap();
            let change = frame.change();
            let Ok(message) = frame.message() else { return Ok(()) };
            let index = match message {
                Message::NewAddress(a) | Message::DeletedAddress(a) => a.link_index(),
                Message::NewLink(link) | Message::DeletedLink(link) => Some(link.index()),
                _ => None,
            };
            prop_assert_eq!(change.unwrap().map(|change| change.index), index);
        }

        #[test]
        fn a_cut_message_is_no_panic(bytes in message(), cut in 0usize..60) {
            let bytes = &bytes[..cut.min(bytes.len())];
            for frame in frames(bytes) {
                let _ = frame.and_then(|frame| frame.change());
            }
        }
    }
}
