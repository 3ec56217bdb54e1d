//! One dump by rtnetlink(7), until it is whole, over any transport.

use std::time::{Duration, Instant};

use nix::errno::Errno;

use super::error::KernelError;
use super::wait::A_YEAR;
use crate::sys::netlink::{Datagram, Socket};
use crate::wire::DecodeError;
use crate::wire::rtnetlink::{Frame, Message, frames};

/// A channel that carries requests to the kernel and datagrams back.
pub(super) trait Transport: Sized {
    /// Opens it; the buffer is the one that it receives into later.
    fn open(buffer: &mut [u8]) -> nix::Result<Self>;
    fn port(&self) -> u32;
    fn send(&self, request: &[u8]) -> nix::Result<()>;
    /// Receives a datagram, or `ETIMEDOUT` at the deadline; `EINTR` if a signal came first.
    fn receive(&self, buffer: &mut [u8], deadline: Instant) -> nix::Result<Datagram>;
}

impl Transport for Socket {
    fn open(buffer: &mut [u8]) -> nix::Result<Self> {
        Self::open(buffer)
    }

    fn port(&self) -> u32 {
        self.port()
    }

    fn send(&self, request: &[u8]) -> nix::Result<()> {
        self.send(request)
    }

    fn receive(&self, buffer: &mut [u8], deadline: Instant) -> nix::Result<Datagram> {
        self.receive(buffer, deadline)
    }
}

/// The longest datagram of the kernel (netlink(7)); a larger buffer gains nothing.
const BUFFER: usize = 32 * 1024;

/// The bounds of repeated dumps: their time and their number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub attempts: u32,
    pub timeout: Duration,
}

/// A socket and a buffer for dumps, kept from one to the next.
///
/// A dump that is given up closes the socket: the rest of the dump would answer the next request,
/// after an EBUSY.
#[derive(Debug)]
pub(super) struct Dumper<T = Socket> {
    socket: Option<T>,
    buffer: Box<[u8]>,
    sequence: u32,
}

/// How one pass over the list ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    /// It is what the kernel had at one moment.
    Clean,
    /// It is whole, but the list changed on the way.
    Interrupted,
    /// Datagrams were lost, or an older dump is in the way.
    Lost,
}

/// A request for a dump, and the handlers of its messages.
pub(super) struct Dump<'a, S, const N: usize> {
    /// The request in words, for errors.
    pub what: &'static str,
    /// The request with a sequence number.
    pub request: &'a dyn Fn(u32) -> [u8; N],
    /// Whether it is no list: behind the answer comes an acknowledgement.
    pub is_acknowledged: bool,
    /// Called before each pass.
    pub restart: &'a dyn Fn(&mut S),
    /// Called for each message of a pass.
    pub each: &'a dyn Fn(&mut S, &Frame<'_>) -> Result<(), DecodeError>,
}

impl<T: Transport> Dumper<T> {
    pub fn open() -> Result<Self, KernelError> {
        let mut buffer = vec![0; BUFFER].into_boxed_slice();
        Ok(Self {
            socket: Some(open(&mut buffer)?),
            buffer,
            sequence: 0,
        })
    }

    /// The socket, opened again if the last dump was given up.
    pub fn socket(&mut self) -> Result<&T, KernelError> {
        match &mut self.socket {
            Some(socket) => Ok(socket),
            closed => Ok(closed.insert(open(&mut self.buffer)?)),
        }
    }

    /// Dumps until a pass is clean or the bound is reached. The last pass is whole in any case;
    /// returns whether it is clean.
    ///
    /// No pass begins after `bound.timeout`, and none takes longer.
    pub fn dump<S, const N: usize>(
        &mut self,
        dump: &Dump<'_, S, N>,
        bound: Bound,
        state: &mut S,
    ) -> Result<bool, KernelError> {
        let start = Instant::now();
        let mut left = bound.attempts.max(1);
        loop {
            (dump.restart)(state);
            let pass = self.pass(dump, bound.timeout, state);
            // A refusal leaves nothing behind that could answer the next request.
            let is_over = matches!(
                pass,
                Ok(Pass::Clean | Pass::Interrupted) | Err(KernelError::Refused { .. })
            );
            if !is_over {
                self.socket = None;
            }
            let pass = pass?;
            left -= 1;
            let last = left == 0 || start.elapsed() >= bound.timeout;
            match pass {
                Pass::Clean => return Ok(true),
                Pass::Interrupted if last => return Ok(false),
                Pass::Lost if last => return Err(KernelError::Lost { request: dump.what }),
                Pass::Interrupted | Pass::Lost => {}
            }
        }
    }

    fn pass<S, const N: usize>(
        &mut self,
        dump: &Dump<'_, S, N>,
        timeout: Duration,
        state: &mut S,
    ) -> Result<Pass, KernelError> {
        let request = dump.what;
        let now = Instant::now();
        let deadline = now.checked_add(timeout).unwrap_or(now + A_YEAR);
        self.sequence = self.sequence.wrapping_add(1);
        let sequence = self.sequence;
        self.socket()?;
        let Self {
            socket: Some(socket),
            buffer,
            ..
        } = self
        else {
            return Ok(Pass::Lost);
        };
        let message = (dump.request)(sequence);
        socket
            .send(&message)
            .map_err(|errno| KernelError::system("send", errno))?;
        let mut interrupted = false;
        loop {
            let datagram = match socket.receive(buffer, deadline) {
                Ok(datagram) => Some(datagram),
                Err(Errno::EINTR) => None,
                Err(Errno::ENOBUFS) => return Ok(Pass::Lost),
                Err(Errno::ETIMEDOUT) => return Err(KernelError::Timeout { request, timeout }),
                Err(errno) => return Err(KernelError::system("recvfrom", errno)),
            };
            // Any process may send to this socket; only the kernel counts.
            if let Some(Datagram { len, .. }) = datagram.filter(|datagram| datagram.sender == 0) {
                let room = buffer.len();
                let bytes =
                    buffer
                        .get(..len)
                        .ok_or(KernelError::Truncated { request, len, room })?;
                let answer = answer(dump, bytes, (sequence, socket.port()), state)?;
                interrupted |= answer.interrupted;
                match answer.end {
                    Some(Pass::Clean) if interrupted => return Ok(Pass::Interrupted),
                    Some(end) => return Ok(end),
                    None => {}
                }
            }
            if Instant::now() >= deadline {
                return Err(KernelError::Timeout { request, timeout });
            }
        }
    }
}

fn open<T: Transport>(buffer: &mut [u8]) -> Result<T, KernelError> {
    T::open(buffer).map_err(|errno| KernelError::system("socket(AF_NETLINK)", errno))
}

/// The meaning of one datagram for the dump.
#[derive(Default)]
struct Answer {
    interrupted: bool,
    end: Option<Pass>,
}

fn answer<S, const N: usize>(
    dump: &Dump<'_, S, N>,
    datagram: &[u8],
    ours: (u32, u32),
    state: &mut S,
) -> Result<Answer, KernelError> {
    let request = dump.what;
    let mut answer = Answer::default();
    let decode = |error| KernelError::Decode { request, error };
    for frame in frames(datagram) {
        let frame = frame.map_err(decode)?;
        let header = frame.header;
        let is_ours = (header.sequence, header.port) == ours;
        if !frame.is_control() {
            // Others are the rest of an older dump, or events.
            if is_ours {
                answer.interrupted |= header.interrupted;
                (dump.each)(state, &frame).map_err(decode)?;
            }
            continue;
        }
        let message = frame.message().map_err(decode)?;
        if message == Message::Overrun {
            answer.end = Some(Pass::Lost);
            break;
        }
        if !is_ours {
            continue;
        }
        answer.interrupted |= header.interrupted;
        match message {
            Message::Error(0, _) if !dump.is_acknowledged => {}
            Message::Done(0) | Message::Error(0, _) => {
                answer.end = Some(Pass::Clean);
                break;
            }
            Message::Error(errno, _) if errno == Errno::EBUSY as i32 => {
                answer.end = Some(Pass::Lost);
                break;
            }
            Message::Error(errno, words) => {
                return Err(refused(request, errno, words));
            }
            Message::Done(errno) => return Err(refused(request, errno, None)),
            _ => {}
        }
    }
    Ok(answer)
}

fn refused(request: &'static str, errno: i32, words: Option<String>) -> KernelError {
    let error = std::io::Error::from_raw_os_error(errno);
    KernelError::Refused {
        request,
        error,
        words,
    }
}

#[cfg(test)]
#[path = "dump_tests/mod.rs"]
mod tests;
