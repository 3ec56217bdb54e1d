//! Random sound messages: attributes in any order, with unknown ones between them and the two
//! flag bits of their types set or not, and the optional ones often missing.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::netlink::*;

/// `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER` (linux/netlink.h).
const NLA_FLAGS: [u16; 4] = [0, 0x8000, 0x4000, 0xc000];

type Attributes = Vec<(u16, Vec<u8>)>;

/// Sound datagrams of up to three messages about addresses and links.
pub fn datagram() -> impl Strategy<Value = Vec<u8>> {
    let one = prop_oneof![3 => address(), 1 => link()];
    vec(one, 1..4).prop_map(|messages| messages.concat())
}

fn address() -> impl Strategy<Value = Vec<u8>> {
    let fixed = (any::<u8>(), any::<u8>(), any::<u32>(), any::<bool>());
    let family = prop_oneof![Just((AF_INET, 4, 32u8)), Just((AF_INET6, 16, 128))];
    let of_family = family.prop_flat_map(|(family, len, most)| {
        let ip = vec(any::<u8>(), len);
        let ips = prop_oneof![
            ip.clone().prop_map(|ip| vec![(IFA_ADDRESS, ip)]),
            ip.clone().prop_map(|ip| vec![(IFA_LOCAL, ip)]),
            ip.clone()
                .prop_map(|ip| vec![(IFA_LOCAL, ip.clone()), (IFA_ADDRESS, ip)]),
            (ip.clone(), ip).prop_map(|(a, b)| vec![(IFA_LOCAL, a), (IFA_ADDRESS, b)]),
        ];
        (Just(family), 0..=most, ips)
    });
    let optional = (
        of("[a-z0-9:.é-]{1,7}").prop_map(|label| label.map(|label| (IFA_LABEL, text(&label)))),
        of(vec(lifetime(), 4)).prop_map(|info| info.map(|info| (IFA_CACHEINFO, info.concat()))),
        of(any::<u32>()).prop_map(|flags| flags.map(|f| (IFA_FLAGS, f.to_ne_bytes().to_vec()))),
        of(any::<u8>()).prop_map(|protocol| protocol.map(|p| (IFA_PROTO, vec![p]))),
        unknown(12),
    );
    (fixed, of_family, optional)
        .prop_flat_map(|(fixed, (family, prefix_len, mut all), optional)| {
            let (label, info, wide_flags, protocol, unknown) = optional;
            all.extend([label, info, wide_flags, protocol].into_iter().flatten());
            all.extend(unknown);
            (Just(fixed), Just((family, prefix_len)), shuffled(all))
        })
        .prop_map(
            |((flags, scope, index, gone), (family, prefix_len), attributes)| {
                let body = address_body([family, prefix_len, flags, scope], index, &attributes);
                message(
                    if gone { RTM_DELADDR } else { RTM_NEWADDR },
                    NLM_F_MULTI,
                    &body,
                )
            },
        )
}

fn link() -> impl Strategy<Value = Vec<u8>> {
    // The other decoder keeps only the types it has a name for.
    let hardware_type = proptest::sample::select(vec![1u16, 32, 512, 772, 776, 65534]);
    let fixed = (hardware_type, any::<u32>(), any::<u32>(), any::<bool>());
    let kind = |kind: String| (IFLA_LINKINFO, attribute(IFLA_INFO_KIND, &text(&kind)));
    let optional = (
        "[a-z0-9.é-]{1,7}".prop_map(|name| (IFLA_IFNAME, text(&name))),
        of(vec(any::<u8>(), 0..=32)).prop_map(|mac| mac.map(|mac| (IFLA_ADDRESS, mac))),
        of(0..9u32).prop_map(|master| master.map(|m| (IFLA_MASTER, m.to_ne_bytes().to_vec()))),
        of("veth|bridge|macvlan|zz9").prop_map(move |text| text.map(kind)),
        of(0..9u32).prop_map(|n| n.map(|n| (IFLA_CARRIER_CHANGES, n.to_ne_bytes().to_vec()))),
        unknown(200),
    );
    (fixed, optional)
        .prop_flat_map(|(fixed, (name, mac, master, kind, changes, unknown))| {
            let optional = [mac, master, kind, changes].into_iter().flatten();
            let all = std::iter::once(name).chain(optional).chain(unknown);
            (Just(fixed), shuffled(all.collect()))
        })
        .prop_map(|((hardware_type, index, flags, gone), attributes)| {
            let body = link_body(hardware_type, index, flags, &attributes);
            message(
                if gone { RTM_DELLINK } else { RTM_NEWLINK },
                NLM_F_MULTI,
                &body,
            )
        })
}

/// Attributes of types that nobody knows.
fn unknown(first: u16) -> impl Strategy<Value = Attributes> {
    vec((first..1000, vec(any::<u8>(), 0..9)), 0..3)
}

fn shuffled(attributes: Attributes) -> impl Strategy<Value = Vec<Vec<u8>>> {
    let len = attributes.len();
    let flags = vec(proptest::sample::select(&NLA_FLAGS[..]), len);
    (Just(attributes).prop_shuffle(), flags).prop_map(|(attributes, flags)| {
        let flagged = attributes.into_iter().zip(flags);
        flagged
            .map(|((kind, value), flag)| attribute(kind | flag, &value))
            .collect()
    })
}

fn lifetime() -> impl Strategy<Value = [u8; 4]> {
    prop_oneof![Just(u32::MAX), 0..10_000u32, any::<u32>()].prop_map(u32::to_ne_bytes)
}
