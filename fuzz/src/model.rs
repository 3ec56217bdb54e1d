//! The laws of the model of the kernel's address list, on arbitrary hosts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use arbitrary::{Result, Unstructured};
use bindnet::model::{AddressRequest, Host, Kernel, LinkRequest, Notification, Operation};
use bindnet::snapshot::{AddressFlags, HardwareAddress, Lifetime, Name, Netmask, Scope};
use bindnet::testing::commands;
use bindnet::{Address, Link, Snapshot};

use super::clean::is_clean_line;
use super::input;

/// How many operations there are at most.
const LONG: usize = 40;

const NAMES: [&str; 9] = [
    "eth0",
    "eth1",
    "lo",
    "far0",
    "eth0:vip",
    "3",
    "a b",
    "fifteen-letters",
    r"\x1b[31m\xff",
];

pub fn check(data: &[u8]) {
    // Bytes that run out are read as zeros, so that this never fails in practice.
    let _ = laws(&mut Unstructured::new(data));
}

fn laws(u: &mut Unstructured<'_>) -> Result<()> {
    let kernel = Kernel::default()
        .links_by_hash(u.arbitrary()?)
        .renames_while_up(u.arbitrary()?)
        .promote_secondaries(u.arbitrary()?);
    let v4 = u.ratio(2, 3)?;
    // What a snapshot shows may be what no kernel would list.
    let begins_new = u.ratio(2, 3)?;
    let mut host = match begins_new {
        true => Host::new(kernel),
        false => {
            let shown = input::host(u, v4)?;
            let host = Host::of(&shown, kernel);
            // Every link has its addresses together, which a snapshot need not show.
            let kept = host.snapshot();
            assert_eq!(Host::of(&kept, kernel).snapshot(), kept);
            assert_eq!((kept.links(), kept.len()), (shown.links(), shown.len()));
            host
        }
    };
    for _ in 0..u.int_in_range(0..=LONG)? {
        let operation = operation(u, v4)?;
        let before = host.snapshot();
        let again = host.clone().apply(&operation);
        let done = host.apply(&operation);
        assert_eq!(done, again, "{operation}");
        let after = host.snapshot();
        valid(&after);
        match done {
            Err(_) => assert_eq!(before, after, "{operation}"),
            Ok(events) if begins_new => {
                told(&before, &events, &after);
                ordered(&after);
            }
            Ok(_) => {}
        }
    }
    script(&host.snapshot());
    Ok(())
}

fn valid(host: &Snapshot) {
    let again = Snapshot::new(host.links().to_vec(), host.addresses());
    assert_eq!(
        again.expect("valid").with_about(host.about().clone()),
        *host
    );
}

/// Which address it is.
type Key = (Option<u32>, IpAddr, Netmask, Option<IpAddr>);

fn key(address: &Address) -> Key {
    let net = (address.ip(), address.netmask());
    (address.link_index(), net.0, net.1, address.peer())
}

/// Who hears of all changes knows all links and addresses.
fn told(before: &Snapshot, events: &[Notification], after: &Snapshot) {
    let keys = |host: &Snapshot| host.addresses().map(|a| key(&a)).collect::<Vec<_>>();
    let names = |host: &Snapshot| {
        let links = host.links().iter().map(|link| (link.index(), link.clone()));
        links.collect::<BTreeMap<u32, Link>>()
    };
    let (mut addresses, mut links) = (keys(before), names(before));
    for event in events {
        match event {
            Notification::NewAddress(address) => {
                // Of IPv6 the other end can change.
                let old = |other: &Key| match address.ip() {
                    IpAddr::V4(_) => *other == key(address),
                    IpAddr::V6(ip) => (other.0, other.1) == (address.link_index(), ip.into()),
                };
                addresses.retain(|other| !old(other));
                addresses.push(key(address));
            }
            Notification::DeletedAddress(address) => {
                addresses.retain(|other| *other != key(address))
            }
            Notification::NewLink(link) => drop(links.insert(link.index(), link.clone())),
            Notification::DeletedLink(link) => drop(links.remove(&link.index())),
            other => panic!("{other:?}"),
        }
    }
    let mut now = keys(after);
    // The order is not told of; what waits to be detected again may have changed in silence.
    let sort = |keys: &mut Vec<Key>| keys.sort_by_key(|key| format!("{:?}", (key.0, key.1, key.2)));
    sort(&mut addresses);
    sort(&mut now);
    let less_peers = |keys: &[Key]| keys.iter().map(|k| (k.0, k.1, k.2)).collect::<Vec<_>>();
    assert_eq!(less_peers(&addresses), less_peers(&now), "{events:?}");
    assert_eq!(links, names(after), "{events:?}");
}

/// What a kernel keeps on every link.
fn ordered(host: &Snapshot) {
    let mut names = BTreeSet::new();
    assert!(host.links().iter().all(|link| names.insert(link.name())));
    for link in host.links() {
        let all = host
            .addresses()
            .filter(|a| a.link_index() == Some(link.index()));
        let (v4, v6): (Vec<_>, Vec<_>) = all.partition(|a| a.ip().is_ipv4());
        let ips: BTreeSet<IpAddr> = v6.iter().map(Address::ip).collect();
        assert_eq!(ips.len(), v6.len(), "{host:?}");
        let subnet = |a: &Address| (a.netmask(), a.netmask().network(a.peer().unwrap_or(a.ip())));
        let scope = |a: &Address| a.scope().expect("given").value();
        let mut identities = Vec::new();
        for (at, address) in v4.iter().enumerate() {
            let identity = (address.ip(), subnet(address));
            assert!(!identities.contains(&identity), "{host:?}");
            identities.push(identity);
            let first = v4[..at]
                .iter()
                .find(|other| subnet(other) == subnet(address));
            assert_eq!(address.is_secondary(), Some(first.is_some()), "{host:?}");
            // Primaries come first, the narrower before the wider.
            let Some(before) = at.checked_sub(1).and_then(|at| v4.get(at)) else {
                continue;
            };
            let places = |a: &Address| (a.is_secondary(), u8::MAX - scope(a));
            match address.is_secondary() {
                Some(true) => {}
                _ => assert!(places(before) <= places(address), "{host:?}"),
            }
        }
    }
}

/// The commands that make a host are one a line, whatever it is called.
fn script(host: &Snapshot) {
    for line in commands::for_host(host).lines() {
        let known = ["ip ", "sysctl ", "# "]
            .iter()
            .any(|word| line.starts_with(word));
        assert!(known && is_clean_line(line), "{line:?}");
    }
}

fn operation(u: &mut Unstructured<'_>, v4: bool) -> Result<Operation> {
    let link = name(u)?;
    Ok(match u.int_in_range(0..=15)? {
        0..=4 => Operation::AddAddress(address(u, v4)?),
        5..=7 => Operation::DeleteAddress(address(u, v4)?),
        8 => Operation::ReplaceAddress(address(u, v4)?),
        9 => Operation::AddLink(new_link(u)?),
        10 => Operation::DeleteLink(link),
        11 => Operation::LinkUp(link),
        12 => Operation::LinkDown(link),
        13 => {
            let to = name(u)?;
            Operation::RenameLink { link, to }
        }
        14 => {
            let on = u.arbitrary()?;
            Operation::PromoteSecondaries { link, on }
        }
        _ => {
            let on = u.arbitrary()?;
            Operation::KeepAddressesOnDown { link, on }
        }
    })
}

fn name(u: &mut Unstructured<'_>) -> Result<Name> {
    let common = u.ratio(3, 4)?;
    let names = if common { &NAMES[..3] } else { &NAMES[..] };
    u.choose(names).map(|text| input::name(text))
}

fn new_link(u: &mut Unstructured<'_>) -> Result<LinkRequest> {
    let (own, other) = (name(u)?, name(u)?);
    let mut index = || Ok(*u.choose(&[2, 3, 4, 258, 0, u32::MAX])?);
    let (own_index, other_index) = (index()?, index()?);
    let request = match u.int_in_range(0..=3)? {
        0 => LinkRequest::veth(own, own_index, other, other_index),
        1 => LinkRequest::bridge(own, own_index),
        2 => LinkRequest::macvlan(own, own_index, other),
        _ => LinkRequest::dummy(own, own_index),
    };
    let mac = HardwareAddress::from_bytes(&[2, 0, 0, 0, 0, 1]).expect("six bytes");
    Ok(if u.ratio(1, 4)? {
        request.mac(mac)
    } else {
        request
    })
}

fn address(u: &mut Unstructured<'_>, v4: bool) -> Result<AddressRequest> {
    let v4 = v4 == u.ratio(7, 8)?;
    let lens: &[u8] = if v4 {
        &[24, 25, 32, 0, 31]
    } else {
        &[64, 128, 0, 10]
    };
    let net = ipnet(input::ip(u, v4)?, *u.choose(lens)?);
    let mut request = AddressRequest::new(net, name(u)?);
    if u.ratio(1, 8)? {
        // Of the other family now and then.
        let v4 = v4 == u.ratio(15, 16)?;
        request = request.peer(input::ip(u, v4)?);
    }
    if u.ratio(1, 6)? {
        request = request.label(name(u)?);
    }
    if u.ratio(1, 6)? {
        request = request.scope(Scope::new(*u.choose(&[0, 253, 254, 77])?));
    }
    if u.ratio(1, 6)? {
        request = request.flags(AddressFlags::from_bits(u.arbitrary()?));
    }
    if u.ratio(1, 6)? {
        request = request.protocol(u.arbitrary()?);
    }
    if u.ratio(1, 6)? {
        let mut lifetime = || Ok(Lifetime::Seconds(*u.choose(&[0, 600, 9000, u32::MAX])?));
        request = request.lifetimes(lifetime()?, lifetime()?);
    }
    Ok(request)
}

fn ipnet(ip: IpAddr, len: u8) -> bindnet::ipnet::IpNet {
    bindnet::ipnet::IpNet::new(ip, len).expect("a prefix length")
}
