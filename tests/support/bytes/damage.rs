//! What happens to bytes.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::netlink::attribute;
use super::parts::{Part, joined, parts};

/// How much is done at the most.
const BLOWS: usize = 4;

/// How many bytes are inserted, or said once more, at once.
const PIECE: usize = 64;

/// What lengths say that are wrong.
const LIES: [u32; 12] = [0, 1, 3, 4, 5, 8, 15, 16, 17, 0x7fff, 0xffff, u32::MAX];

/// Bytes that are cut, changed, inserted, taken out, said twice, and whose words, where lengths
/// stand, are changed.
///
/// One to four such things are done, which add 256 bytes at the most.
pub fn damaged(sound: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (sound, vec(blow(), 1..=BLOWS)).prop_map(|(bytes, blows)| struck(bytes, blows))
}

/// Datagrams of rtnetlink whose messages and attributes are in another order, said twice, left
/// out, or of a type that nobody knows, with lengths that are right; and which are [damaged]
/// then, or not.
///
/// Up to four such things are done of each kind, each of which may say a message again.
pub fn damaged_netlink(sound: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let shifts = vec(shift(), 0..=BLOWS);
    (sound, shifts, vec(blow(), 0..=BLOWS)).prop_map(|(bytes, shifts, blows)| {
        let mut messages = parts(&bytes);
        for shift in shifts {
            shift.apply(&mut messages);
        }
        struck(joined(&messages), blows)
    })
}

/// Something that happens to bytes.
#[derive(Clone, Debug)]
enum Blow {
    Cut(Index),
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    TakeOut(Index, usize),
    SayTwice(Index, usize),
    /// A word of two or four bytes, in the order of the host or of the network.
    Lie(Index, u32, [bool; 2]),
}

fn blow() -> impl Strategy<Value = Blow> {
    let at = any::<Index>;
    prop_oneof![
        2 => at().prop_map(Blow::Cut),
        3 => (at(), 1..=u8::MAX).prop_map(|(at, bits)| Blow::Flip(at, bits)),
        1 => (at(), vec(any::<u8>(), 1..=PIECE)).prop_map(|(at, bytes)| Blow::Insert(at, bytes)),
        1 => (at(), 1..=PIECE).prop_map(|(at, len)| Blow::TakeOut(at, len)),
        1 => (at(), 1..=PIECE).prop_map(|(at, len)| Blow::SayTwice(at, len)),
        4 => (at(), select(&LIES[..]), any::<[bool; 2]>())
            .prop_map(|(at, lie, how)| Blow::Lie(at, lie, how)),
    ]
}

fn struck(mut bytes: Vec<u8>, blows: Vec<Blow>) -> Vec<u8> {
    for blow in blows {
        if !bytes.is_empty() {
            blow.strikes(&mut bytes);
        }
    }
    bytes
}

impl Blow {
    /// Bytes of which there is one at least.
    fn strikes(self, bytes: &mut Vec<u8>) {
        let len = bytes.len();
        let end = |at: usize, piece: usize| (at + piece).min(len);
        match self {
            Self::Cut(at) => bytes.truncate(at.index(len)),
            Self::Flip(at, bits) => {
                if let Some(byte) = bytes.get_mut(at.index(len)) {
                    *byte ^= bits;
                }
            }
            Self::Insert(at, piece) => {
                let at = at.index(len);
                bytes.splice(at..at, piece);
            }
            Self::TakeOut(at, piece) => {
                let at = at.index(len);
                bytes.drain(at..end(at, piece));
            }
            Self::SayTwice(at, piece) => {
                let at = at.index(len);
                let again = bytes.get(at..end(at, piece)).unwrap_or_default().to_vec();
                bytes.splice(at..at, again);
            }
            Self::Lie(at, lie, [wide, network]) => {
                let at = at.index(len) & !3;
                let word = match (wide, network) {
                    (true, true) => lie.to_be_bytes().to_vec(),
                    (true, false) => lie.to_ne_bytes().to_vec(),
                    (false, true) => (lie as u16).to_be_bytes().to_vec(),
                    (false, false) => (lie as u16).to_ne_bytes().to_vec(),
                };
                for (byte, new) in bytes.iter_mut().skip(at).zip(word) {
                    *byte = new;
                }
            }
        }
    }
}

/// Something that happens to the attributes of a message, or to a message.
#[derive(Clone, Debug)]
enum Shift {
    Exchange(Index, Index, Index),
    SayTwice(Index, Index),
    LeaveOut(Index, Index),
    /// An attribute that nobody knows, or one of another message's.
    Add(Index, u16, Vec<u8>),
    SayMessageTwice(Index),
    ExchangeMessages(Index, Index),
}

fn shift() -> impl Strategy<Value = Shift> {
    let at = any::<Index>;
    let value = vec(any::<u8>(), 0..=PIECE / 2);
    prop_oneof![
        3 => (at(), at(), at()).prop_map(|(m, a, b)| Shift::Exchange(m, a, b)),
        2 => (at(), at()).prop_map(|(m, a)| Shift::SayTwice(m, a)),
        2 => (at(), at()).prop_map(|(m, a)| Shift::LeaveOut(m, a)),
        3 => (at(), any::<u16>(), value).prop_map(|(m, kind, value)| Shift::Add(m, kind, value)),
        1 => at().prop_map(Shift::SayMessageTwice),
        1 => (at(), at()).prop_map(|(a, b)| Shift::ExchangeMessages(a, b)),
    ]
}

impl Shift {
    fn apply(self, messages: &mut Vec<Part>) {
        if messages.is_empty() {
            return;
        }
        let len = messages.len();
        match self {
            Self::SayMessageTwice(at) => {
                let at = at.index(len);
                let again = messages.get(at).cloned();
                messages.splice(at..at, again);
            }
            Self::ExchangeMessages(a, b) => messages.swap(a.index(len), b.index(len)),
            Self::Add(at, kind, value) => {
                if let Some(message) = messages.get_mut(at.index(len)) {
                    message.attributes.push(attribute(kind, &value));
                }
            }
            Self::Exchange(at, ..) | Self::SayTwice(at, _) | Self::LeaveOut(at, _) => {
                if let Some(message) = messages.get_mut(at.index(len)) {
                    self.shift_attributes(&mut message.attributes);
                }
            }
        }
    }

    fn shift_attributes(&self, attributes: &mut Vec<Vec<u8>>) {
        let len = attributes.len();
        match self {
            _ if len == 0 => {}
            Self::Exchange(_, a, b) => attributes.swap(a.index(len), b.index(len)),
            Self::SayTwice(_, at) => {
                let again = attributes.get(at.index(len)).cloned();
                attributes.extend(again);
            }
            Self::LeaveOut(_, at) => {
                attributes.remove(at.index(len));
            }
            _ => {}
        }
    }
}
