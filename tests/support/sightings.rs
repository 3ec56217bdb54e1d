//! What frames say about an address, read from single bytes. It shares no code with the codecs.

use bindnet::conflict::{How, Sighting};

/// Who has to do with the address, and how.
pub type Said = Option<(How, [u8; 6])>;

/// The same of a sighting.
pub fn said(sighting: Option<Sighting>) -> Said {
    let sighting = sighting?;
    let mac = sighting.mac.as_bytes().try_into();
    Some((sighting.how, mac.expect("six bytes")))
}

/// What stands behind the Ethernet header of an ARP frame (RFC 826; RFC 5227, sections 1.1, 2.1.1
/// and 3).
pub fn arp_says(bytes: &[u8], ip: [u8; 4]) -> Said {
    if bytes.len() < 28 || bytes[..6] != [0, 1, 8, 0, 6, 4] || bytes[6] != 0 {
        return None;
    }
    let is_request = bytes[7] == 1;
    let is_reply = bytes[7] == 2;
    let is_from = bytes[14..18] == ip;
    let is_about = bytes[24..28] == ip;
    let is_from_nobody = bytes[14..18] == [0; 4];
    let how = if is_request && is_from {
        How::Claim
    } else if is_request && is_from_nobody && is_about {
        How::Probe
    } else if is_reply && is_from && is_about {
        How::Claim
    } else if is_reply && is_from {
        How::Reply
    } else {
        return None;
    };
    Some((how, bytes[8..14].try_into().expect("six bytes")))
}

/// A sum of 16-bit words with the carry added back, as RFC 1071 adds them: zero over what holds a
/// right checksum. The pseudo-header is that of RFC 8200, section 8.1.
pub fn icmpv6_checksum(packet: &[u8]) -> u16 {
    let payload = usize::from(packet[4]) * 256 + usize::from(packet[5]);
    let message = &packet[40..40 + payload];
    let mut all = packet[8..40].to_vec();
    all.extend([0, 0, packet[4], packet[5], 0, 0, 0, 58]);
    all.extend(message);
    if all.len() % 2 == 1 {
        all.push(0);
    }
    let mut sum = 0u16;
    for pair in all.chunks(2) {
        let (added, carry) = sum.overflowing_add(u16::from(pair[0]) * 256 + u16::from(pair[1]));
        sum = added + u16::from(carry);
    }
    !sum
}

/// Whether a node accepts an IPv6 packet as a Neighbour Solicitation or Advertisement (RFC 4861,
/// sections 7.1.1 and 7.1.2), rule by rule; and a source is no group (RFC 4291, section 2.7), and
/// somebody who has an address advertises it, not nobody.
pub fn nd_is_valid(packet: &[u8]) -> bool {
    if packet.len() < 40 || packet[0] / 16 != 6 || packet[6] != 58 {
        return false;
    }
    let len = usize::from(packet[4]) * 256 + usize::from(packet[5]);
    if packet.len() < 40 + len || len < 24 {
        return false;
    }
    let (source, destination, target) = (&packet[8..24], &packet[24..40], &packet[48..64]);
    let Some(options) = nd_options(&packet[64..40 + len]) else {
        return false;
    };
    let mut group = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0];
    group[13..].copy_from_slice(&target[13..]);
    let is_from_nobody = source == [0; 16];
    let for_both = packet[7] == 255
        && packet[41] == 0
        && target[0] != 0xff
        && source[0] != 0xff
        && icmpv6_checksum(packet) == 0;
    for_both
        && match packet[40] {
            135 if is_from_nobody => {
                destination == group && options.iter().all(|option| option[0] != 1)
            }
            135 => true,
            136 => !is_from_nobody && (destination[0] != 0xff || packet[44] & 0x40 == 0),
            _ => false,
        }
}

/// What a valid packet says (RFC 4862, section 5.4); `from` is the sender on the link.
pub fn nd_says(packet: &[u8], ip: [u8; 16], from: [u8; 6]) -> Said {
    if !nd_is_valid(packet) {
        return None;
    }
    let is_about = packet[48..64] == ip;
    let is_solicitation = packet[40] == 135;
    let how = if !is_solicitation && is_about {
        How::Reply
    } else if is_solicitation && packet[8..24] == ip {
        How::Claim
    } else if is_solicitation && packet[8..24] == [0; 16] && is_about {
        How::Probe
    } else {
        return None;
    };
    let len = usize::from(packet[4]) * 256 + usize::from(packet[5]);
    let options = nd_options(&packet[64..40 + len]).expect("a valid packet");
    let wanted = if is_solicitation { 1 } else { 2 };
    let mac = options
        .iter()
        .find(|option| option[0] == wanted && option.len() == 8)
        .map_or(from, |option| option[2..].try_into().expect("six bytes"));
    Some((how, mac))
}

/// The options, each whole; none where one is not, or has no length.
fn nd_options(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut options = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let len = 8 * usize::from(*bytes.get(at + 1)?);
        if len == 0 {
            return None;
        }
        options.push(bytes.get(at..at + len)?);
        at += len;
    }
    Some(options)
}
