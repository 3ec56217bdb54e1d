//! What netlink-packet-route decodes, in this library's words.

use std::net::IpAddr;

use bindnet::snapshot::{AddressFlags, HardwareAddress, Lifetime, LinkFlags, Name, Scope};
use bindnet::wire::rtnetlink::Message;
use bindnet::{Address, Link};
use ipnet::IpNet;
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkInfo, LinkMessage, Prop};

/// The sequence number, the port and the message, for every message of a datagram.
pub fn messages(datagram: &[u8]) -> Vec<(u32, u32, Message)> {
    let mut messages = Vec::new();
    let mut rest = datagram;
    while !rest.is_empty() {
        let decoded = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest);
        let (header, payload) = decoded.expect("a sound message").into_parts();
        let message = match payload {
            NetlinkPayload::InnerMessage(message) => inner(message),
            NetlinkPayload::Done(done) => Message::Done(-done.code),
            NetlinkPayload::Error(error) => Message::Error(-error.raw_code(), None),
            NetlinkPayload::Overrun(_) => Message::Overrun,
            _ => Message::Other,
        };
        messages.push((header.sequence_number, header.port_number, message));
        let len = (header.length as usize).next_multiple_of(4);
        rest = rest.get(len..).unwrap_or_default();
    }
    messages
}

/// The name in a request for one link, up to its first NUL, as the kernel takes it.
pub fn name_asked_for(request: &[u8]) -> Option<String> {
    let decoded = NetlinkMessage::<RouteNetlinkMessage>::deserialize(request);
    let NetlinkPayload::InnerMessage(RouteNetlinkMessage::GetLink(message)) =
        decoded.expect("a sound message").payload
    else {
        return None;
    };
    let name = |attribute| match attribute {
        LinkAttribute::IfName(name) => name.split('\0').next().map(str::to_owned),
        _ => None,
    };
    message.attributes.into_iter().find_map(name)
}

fn inner(message: RouteNetlinkMessage) -> Message {
    match message {
        RouteNetlinkMessage::NewAddress(message) => Message::NewAddress(address(&message)),
        RouteNetlinkMessage::DelAddress(message) => Message::DeletedAddress(address(&message)),
        RouteNetlinkMessage::NewLink(message) => Message::NewLink(link(&message)),
        RouteNetlinkMessage::DelLink(message) => Message::DeletedLink(link(&message)),
        _ => Message::Other,
    }
}

fn address(message: &AddressMessage) -> Address {
    let header = &message.header;
    let attributes = &message.attributes;
    let local = attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Local(ip) => Some(*ip),
        _ => None,
    });
    let other = attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Address(ip) => Some(*ip),
        _ => None,
    });
    let ip: IpAddr = local.or(other).expect("one of the two");
    let net = IpNet::new(ip, header.prefix_len).expect("a prefix of the family");
    let mut address = Address::new(net, header.index)
        .with_scope(Scope::new(header.scope.into()))
        .with_flags(AddressFlags::from_bits(header.flags.bits().into()));
    if let Some(peer) = other.filter(|other| *other != ip) {
        address = address.with_peer(peer).expect("of one family");
    }
    for attribute in attributes {
        address = match attribute {
            AddressAttribute::Label(label) => address.with_label(name(label)),
            AddressAttribute::Flags(flags) => {
                address.with_flags(AddressFlags::from_bits(flags.bits()))
            }
            AddressAttribute::CacheInfo(info) => address
                .with_preferred_lft(lifetime(info.ifa_preferred))
                .with_valid_lft(lifetime(info.ifa_valid))
                .with_created(info.cstamp),
            AddressAttribute::Protocol(protocol) => match u8::from(*protocol) {
                0 => address,
                protocol => address.with_protocol(protocol),
            },
            _ => address,
        };
    }
    address
}

fn link(message: &LinkMessage) -> Link {
    let attributes = &message.attributes;
    let named = attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfName(text) => Some(name(text)),
        _ => None,
    });
    let mut link = Link::new(message.header.index, named.expect("a name"))
        .with_flags(LinkFlags::from_bits(message.header.flags.bits()))
        .with_hardware_type(message.header.link_layer_type.into());
    for attribute in attributes {
        link = match attribute {
            LinkAttribute::Address(mac) => match HardwareAddress::from_bytes(mac) {
                Ok(mac) => link.with_mac(mac),
                Err(_) => link,
            },
            LinkAttribute::CarrierChanges(changes) => link.with_carrier_changes(*changes),
            LinkAttribute::Controller(master) if *master != 0 => link.with_master(*master),
            LinkAttribute::LinkInfo(infos) => infos.iter().fold(link, |link, info| match info {
                LinkInfo::Kind(kind) => link.with_kind(kind.to_string()),
                _ => link,
            }),
            LinkAttribute::PropList(properties) => {
                let names = properties.iter().filter_map(|property| match property {
                    Prop::AltIfName(text) => Some(text.parse().expect("an alternative name")),
                    _ => None,
                });
                names.fold(link, Link::with_alt_name)
            }
            _ => link,
        };
    }
    link
}

fn name(text: &str) -> Name {
    Name::from_bytes(text.as_bytes()).expect("a name")
}

fn lifetime(seconds: u32) -> Lifetime {
    match seconds {
        u32::MAX => Lifetime::Forever,
        seconds => Lifetime::Seconds(seconds),
    }
}
