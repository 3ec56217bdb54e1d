//! The managers of `testing::strategies` beside the recordings of real ones, and what the rule
//! makes of what they leave.

use std::net::IpAddr;

use bindnet::model::{AddressRequest, Host, Kernel, Operation};
use bindnet::snapshot::LinkFlags;
use bindnet::testing::strategies::{Manager, Vip};
use bindnet::{Address, Reason, Selector, Snapshot, Verdict};
use serde_json::Value;

fn recorded(name: &str) -> Snapshot {
    let folder = bindnet_tests::package().join("tests/fixtures");
    let bytes = std::fs::read(folder.join(format!("{name}.json"))).unwrap();
    let json: Value = serde_json::from_slice(&bytes).unwrap();
    Snapshot::from_json(json["snapshot"].to_string().as_bytes()).unwrap()
}

/// The recorded host without a floating address: 192.168.1.10/24 and fd00:1::10/64 on eth0.
fn base(kernel: Kernel) -> Host {
    Host::of(&recorded("base_fixed"), kernel)
}

fn vip(net: &str) -> Vip {
    Vip::new(net.parse().unwrap(), "eth0".parse().unwrap())
}

fn address(net: &str, link: &str) -> AddressRequest {
    AddressRequest::new(net.parse().unwrap(), link.parse().unwrap())
}

fn applied(mut host: Host, operations: impl IntoIterator<Item = Operation>) -> Snapshot {
    for operation in operations {
        host.apply(&operation).unwrap();
    }
    host.snapshot()
}

/// What a recording and the model both have of an address. The kernel of a recording detects
/// duplicates of its link-local addresses meanwhile, gives them by chance where a link has a
/// hardware address by chance, and counts when each address was made.
fn told(host: &Snapshot) -> Vec<String> {
    let told = |address: &Address| {
        let link = host.link_of(address).unwrap();
        let net = address.net().unwrap();
        let rest = (
            address.label(),
            address.peer(),
            address.scope(),
            address.flags(),
            address.protocol(),
            (address.valid_lft(), address.preferred_lft()),
        );
        format!("{net} on {}: {rest:?}", link.name())
    };
    let lasting = |address: &Address| !address.is_link_local();
    host.addresses().filter(lasting).map(|a| told(&a)).collect()
}

/// The links that both have, with their flags; and whose hardware addresses are not by chance.
fn links(host: &Snapshot) -> Vec<String> {
    let other_end = "p0".parse().unwrap();
    let links = host.links().iter().filter(|link| link.name() != other_end);
    let told = |link: &bindnet::Link| {
        let mac = link.mac().filter(|mac| mac.is_vrrp());
        let flags = link.flags().map(LinkFlags::bits);
        format!("{} {flags:?} {mac:?}", link.name())
    };
    links.map(told).collect()
}

#[test]
fn what_a_manager_leaves_is_what_was_recorded() {
    let (v4, v6) = ("192.168.1.20/24", "fd00:1::20/64");
    let rows: [(&str, Manager, &[&str]); 14] = [
        ("ra_default", Manager::Ipaddr2, &[v4]),
        ("ra_nic24", Manager::Ipaddr2, &[v4]),
        ("ra_v6", Manager::Ipaddr2, &[v6]),
        ("ra_label", Manager::Ipaddr2Label, &[v4]),
        ("ra_noprefix", Manager::Ipaddr2NoPrefixRoute, &[v4]),
        ("ka_default", Manager::Keepalived, &[v4]),
        ("ka_p24", Manager::KeepalivedPrefix, &[v4]),
        ("ka_v6", Manager::KeepalivedPrefix, &[v6]),
        ("ka_proto18", Manager::KeepalivedProtocol, &[v4, v6]),
        ("ka_vmac", Manager::KeepalivedVmac, &[v4]),
        ("pgpool_default", Manager::Pgpool, &[v4]),
        ("ifupdown_alias", Manager::Ifupdown, &["192.168.1.11/24"]),
        (
            "kube_ipvs0",
            Manager::KubeProxyIpvs,
            &["10.96.0.1/12", "10.96.0.10/12", "10.96.0.20/12"],
        ),
        ("lvs_dr", Manager::LvsDr, &[v4]),
    ];
    for (name, manager, vips) in rows {
        let recorded = recorded(name);
        let mut host = base(Kernel::default());
        for operation in vips.iter().flat_map(|net| manager.take(&vip(net))) {
            let done = host.apply(&operation);
            let is_made_twice = matches!(operation, Operation::AddLink(_));
            assert!(done.is_ok() || is_made_twice, "{name}: {operation}");
        }
        assert_eq!(told(&host.snapshot()), told(&recorded), "{name}");
        assert_eq!(links(&host.snapshot()), links(&recorded), "{name}");
    }
}

#[test]
fn a_flap_of_the_fixed_address_leaves_what_was_recorded() {
    let promotes = Kernel::default().promote_secondaries(true);
    let own = address("192.168.1.10/24", "eth0");
    let vip = vip("192.168.1.20/24");
    for (name, manager) in [
        ("flap_unlabelled", Manager::Ipaddr2),
        ("promoted_inversion", Manager::Ipaddr2Label),
    ] {
        let mut operations = manager.take(&vip);
        operations.push(Operation::DeleteAddress(own.clone()));
        operations.push(Operation::AddAddress(own.clone()));
        let host = applied(base(promotes), operations);
        assert_eq!(told(&host), told(&recorded(name)), "{name}");
    }
}

#[test]
fn a_routed_host_with_a_vip_is_as_it_was_recorded() {
    let mut operations = vec![
        Operation::DeleteAddress(address("192.168.1.10/24", "eth0")),
        Operation::AddAddress(address("10.0.0.5/32", "lo")),
    ];
    operations.extend(Manager::Ipaddr2Label.take(&vip("10.0.0.20/24")));
    let host = applied(base(Kernel::default()), operations);
    assert_eq!(told(&host), told(&recorded("routed_plus_vip")));
}

/// The evidence that a manager is said to leave is what the rule infers, beside the node's own
/// address; and there is decisive evidence nowhere else.
#[test]
fn the_rule_infers_the_evidence_that_is_told() {
    for (bindnet, net) in [
        ("192.168.1.0/24", "192.168.1.20/24"),
        ("fd00:1::/64", "fd00:1::20/64"),
    ] {
        let vip = vip(net);
        for manager in Manager::ALL.iter().filter(|m| m.manages(vip.ip())) {
            let host = applied(base(Kernel::default()), manager.take(&vip));
            let decision = Selector::new(bindnet.parse().unwrap()).decide(&host);
            let of = |c: &&bindnet::Candidate| c.ip() == vip.ip();
            let candidate = decision.candidates().iter().find(of).unwrap();
            let is_floating = candidate.verdict() == Verdict::Floating;
            let evidence = manager.evidence(&vip);
            assert_eq!(is_floating, evidence.is_some(), "{manager}\n{decision:#}");
            let inferred = |reason| candidate.reasons().contains(reason);
            assert!(evidence.is_none_or(inferred), "{manager}\n{decision:#}");
        }
    }
}

/// Elsewhere a /32 is an address like any other, and the rest is floating still.
#[test]
fn evidence_holds_beside_nobody_but_that_of_a_host_prefix() {
    let mut alone = base(Kernel::default());
    for net in ["192.168.1.10/24", "fd00:1::10/64"] {
        let own = Operation::DeleteAddress(address(net, "eth0"));
        alone.apply(&own).unwrap();
    }
    for (bindnet, net) in [
        ("192.168.1.0/24", "192.168.1.20/24"),
        ("fd00:1::/64", "fd00:1::20/64"),
    ] {
        let vip = vip(net);
        for manager in Manager::ALL.iter().filter(|m| m.manages(vip.ip())) {
            let host = applied(alone.clone(), manager.take(&vip));
            let decision = Selector::new(bindnet.parse().unwrap()).decide(&host);
            let holds = match manager.evidence(&vip) {
                None | Some(Reason::HostPrefixInSubnet) => false,
                Some(_) => true,
            };
            assert_eq!(
                decision.chosen().is_none(),
                holds,
                "{manager}\n{decision:#}"
            );
        }
    }
}

/// An address that has gone leaves the list as it was, but for a link that kube-proxy keeps.
#[test]
fn giving_up_undoes_taking() {
    for net in ["192.168.1.20/24", "fd00:1::20/64"] {
        let vip = vip(net);
        for manager in Manager::ALL {
            let mut operations = manager.take(&vip);
            assert_eq!(operations.is_empty(), !manager.manages(vip.ip()));
            operations.extend(manager.give_up(&vip));
            let before = base(Kernel::default()).snapshot();
            let after = applied(base(Kernel::default()), operations);
            assert_eq!(told(&after), told(&before), "{manager}");
            let kept = match manager {
                Manager::KubeProxyIpvs => vec!["kube-ipvs0".to_owned()],
                _ => Vec::new(),
            };
            let new = after.links().iter().skip(before.links().len());
            let new: Vec<_> = new.map(|link| link.name().to_string()).collect();
            assert_eq!(new, kept, "{manager}");
        }
    }
}

#[test]
fn the_address_is_where_the_manager_says() {
    for net in ["192.168.1.20/24", "fd00:1::20/64"] {
        let vip = vip(net);
        for manager in Manager::ALL.iter().filter(|m| m.manages(vip.ip())) {
            let host = applied(base(Kernel::default()), manager.take(&vip));
            let mut addresses = host.addresses();
            let address = addresses.find(|address| address.ip() == vip.ip()).unwrap();
            let link = host.link_of(&address).unwrap().name();
            let found = (address.net().unwrap(), link);
            assert_eq!(found, (manager.net(&vip), manager.link(&vip)), "{manager}");
        }
    }
}

/// A virtual router has a number of eight bits in its name and its hardware address, and an IPv6
/// one is another than the IPv4 one of the same number.
#[test]
fn a_virtual_router_shows_its_number() {
    let mut host = base(Kernel::default());
    for (net, index) in [("192.168.1.20/24", 7), ("fd00:1::20/64", 8)] {
        let vip = vip(net).router(255).made_index(index);
        for operation in Manager::KeepalivedVmac.take(&vip) {
            host.apply(&operation).unwrap();
        }
    }
    let host = host.snapshot();
    let links = host.links().iter().skip(2).map(|link| {
        let mac = link.mac().unwrap();
        format!("{} {} {mac}", link.index(), link.name())
    });
    let links: Vec<_> = links.collect();
    let expected = [
        "7 vrrp.255 00:00:5e:00:01:ff",
        "8 vrrp6.255 00:00:5e:00:02:ff",
    ];
    assert_eq!(links, expected);
}

/// There is room for a label on a link with the longest name, too.
#[test]
fn labels_fit() {
    let link = "abcdefghijklmno".parse().unwrap();
    let vip = Vip::new("192.0.2.20/24".parse().unwrap(), link);
    let ip: IpAddr = vip.ip();
    for manager in Manager::ALL.iter().filter(|m| m.manages(ip)) {
        if manager.evidence(&vip) == Some(Reason::Label) {
            let printed = manager.take(&vip)[0].to_string();
            let (_, label) = printed.split_once(" label ").expect(&printed);
            assert!(label.contains(':') && label.len() <= 15, "{label}");
        }
    }
}
