//! A transport that follows a script.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Instant;

use nix::errno::Errno;

use crate::live::dump::Transport;
use crate::sys::netlink::Datagram;

/// The result of one call of receive.
#[derive(Clone)]
pub(super) enum Step {
    /// A datagram of the kernel.
    Got(Vec<Part>),
    /// A datagram of another process.
    From(u32, Vec<Part>),
    /// A datagram longer than the room for it.
    Long,
    Fails(Errno),
}

/// A message, and how much its sequence number and port id differ from those asked with.
#[derive(Clone)]
pub(super) struct Part {
    pub kind: u16,
    pub flags: u16,
    pub body: Vec<u8>,
    pub sequence_off: u32,
    pub port_off: u32,
}

/// The steps of the sockets of this thread, and the calls that were made on them.
#[derive(Default)]
pub(super) struct Script {
    pub steps: VecDeque<Step>,
    /// Repeated at the end. Without it the end is a timeout.
    pub for_ever: Option<Step>,
    pub open_fails: Option<Errno>,
    pub send_fails: Option<Errno>,
    pub opened: u32,
    pub sent: u32,
    pub sequence: u32,
}

thread_local! {
    pub(super) static SCRIPT: RefCell<Script> = RefCell::default();
}

pub(super) struct Fake {
    port: u32,
}

impl Transport for Fake {
    fn open(_: &mut [u8]) -> nix::Result<Self> {
        SCRIPT.with_borrow_mut(|script| {
            script.opened += 1;
            let port = 100 + script.opened;
            script.open_fails.take().map_or(Ok(Self { port }), Err)
        })
    }

    fn port(&self) -> u32 {
        self.port
    }

    fn send(&self, request: &[u8]) -> nix::Result<()> {
        SCRIPT.with_borrow_mut(|script| {
            script.sent += 1;
            let sequence = request.get(8..12).and_then(|bytes| bytes.try_into().ok());
            script.sequence = u32::from_ne_bytes(sequence.unwrap_or_default());
            script.send_fails.take().map_or(Ok(()), Err)
        })
    }

    fn receive(&self, buffer: &mut [u8], _deadline: Instant) -> nix::Result<Datagram> {
        SCRIPT.with_borrow_mut(|script| {
            let step = script.steps.pop_front().or(script.for_ever.clone());
            let (sender, parts) = match step.ok_or(Errno::ETIMEDOUT)? {
                Step::Got(parts) => (0, parts),
                Step::From(sender, parts) => (sender, parts),
                Step::Fails(errno) => return Err(errno),
                Step::Long => {
                    let len = buffer.len() + 1;
                    return Ok(Datagram { len, sender: 0 });
                }
            };
            let bytes: Vec<u8> = parts
                .iter()
                .flat_map(|part| part.bytes(script.sequence, self.port))
                .collect();
            buffer[..bytes.len()].copy_from_slice(&bytes);
            let len = bytes.len();
            Ok(Datagram { len, sender })
        })
    }
}

impl Part {
    pub fn new(kind: u16, body: &[u8]) -> Self {
        let body = body.to_vec();
        Self {
            kind,
            flags: 0,
            body,
            sequence_off: 0,
            port_off: 0,
        }
    }

    pub fn flags(mut self, flags: u16) -> Self {
        self.flags = flags;
        self
    }

    pub fn off(mut self, sequence: u32, port: u32) -> Self {
        self.sequence_off = sequence;
        self.port_off = port;
        self
    }

    fn bytes(&self, sequence: u32, port: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend((16 + self.body.len() as u32).to_ne_bytes());
        bytes.extend(self.kind.to_ne_bytes());
        bytes.extend(self.flags.to_ne_bytes());
        bytes.extend(sequence.wrapping_add(self.sequence_off).to_ne_bytes());
        bytes.extend(port.wrapping_add(self.port_off).to_ne_bytes());
        bytes.extend(&self.body);
        bytes
    }
}
