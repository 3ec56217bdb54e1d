//! What holds of every audit: it does what it says, and so does its advice.

use bindnet_tests::questions;

use std::net::IpAddr;

use bindnet::audit::{Audit, Fate, Scenario};
use bindnet::explain::{Advice, Setting};
use bindnet::ipnet::IpNet;
use bindnet::model::{AddressRequest, Host, Kernel, LinkRequest, Notification, Operation};
use bindnet::rule::Verdict;
use bindnet::snapshot::Name;
use bindnet::{Candidate, Selector, Snapshot};
use bindnet_tests::hostile::is_hostile;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use questions::{case, config, decide, follow};

proptest! {
    #![proptest_config(config(500))]

    /// Any host, however hostile, and any question: the same audit each time, of what is chosen.
    #[test]
    fn it_is_deterministic((host, ask) in case()) {
        let snapshot = host.snapshot();
        let audit = Audit::of(&ask.selector(), &snapshot);
        prop_assert_eq!(&audit, &Audit::of(&ask.selector().list_all(false), &snapshot));
        let decision = decide(&host, &ask);
        prop_assert_eq!(audit.is_some(), decision.chosen().is_some());
        // Told in every way.
        if let Some(audit) = audit {
            let table = audit.to_string();
            prop_assert!(!table.contains(is_hostile), "{:?}", table);
            let json: serde_json::Value =
                serde_json::to_value(&audit).unwrap();
            prop_assert_eq!(json["audit"].as_array().unwrap().len(), audit.findings.len());
        }
    }

    /// Whoever follows the advice is audited without a finding, and keeps the choice, or gets the address
    /// that the advice names.
    #[test]
    fn its_advice_is_true((host, ask) in case()) {
        let snapshot = host.snapshot();
        let Some(audit) = Audit::of(&ask.selector(), &snapshot) else { return Ok(()) };
        let chosen = choice(&ask.selector(), &snapshot);
        for advice in &audit.advice {
            let followed = follow(&ask, advice).selector();
            let named = match &advice.setting {
                // A link-local address is declared on all links.
                Setting::Fixed(net) => Some(net.addr().to_string()),
                Setting::Bindnetaddr(bindnet) => Some(bindnet.ip().to_string()),
                _ => chosen.clone(),
            };
            let now = choice(&followed, &snapshot);
            let without_link = |text: &Option<String>| {
                text.as_ref().map(|text| text.split('%').next().unwrap().to_owned())
            };
            prop_assert_eq!(without_link(&now), without_link(&named), "{:?}", advice);
            let again = Audit::of(&followed, &snapshot).unwrap();
            prop_assert!(!again.moves(), "{:?}\n{}", advice, again);
        }
        // Only the operator knows which of two is the host's own: whoever names one names the other.
        let decision = decide(&host, &ask);
        let left = decision.candidates().iter();
        let mut left = left.filter(|c| c.verdict() == Verdict::Outranked).map(Candidate::ip);
        let own = decision.chosen().map(Candidate::ip);
        let is_fixed = |ip: IpAddr| {
            audit.advice.iter().any(|advice| advice.setting == Setting::Fixed(ip.into()))
        };
        if let Some(other) = left.find(|ip| Some(*ip) != own && ip.to_canonical() == *ip && !is_fixed(*ip)) {
            let followed = follow(&ask, &Advice::new(Setting::Fixed(other.into()), "")).selector();
            let settled = choice(&followed, &snapshot) == Some(other.to_string());
            let settled = settled && !Audit::of(&followed, &snapshot).unwrap().moves();
            prop_assert!(!audit.moves() || !settled, "{} {}", other, audit);
        }
        for found in &audit.findings {
            let first = audit.advice.first().filter(|_| found.fate.moves());
            prop_assert_eq!(found.advice.as_ref(), first);
        }
    }

    /// What a host with plain links lists can always be kept.
    #[test]
    fn there_is_always_advice(town in town(), bindnet in bindnet()) {
        let host = town.host().snapshot();
        let selector = Selector::new(bindnet.parse().unwrap());
        if let Some(audit) = Audit::of(&selector, &host) {
            prop_assert_eq!(audit.moves(), !audit.advice.is_empty(), "{}", audit);
        }
    }

    /// A remembered choice that nothing is declared against stays, whatever happens.
    #[test]
    fn what_is_remembered_stays((host, mut ask) in case()) {
        (ask.floating, ask.fixed) = (Vec::new(), Vec::new());
        let snapshot = host.snapshot();
        let decision = decide(&host, &ask);
        let Some(chosen) = decision.chosen() else { return Ok(()) };
        // A link-local address of which the link has no name is not remembered for certain.
        let link_local = matches!(chosen.ip(), IpAddr::V6(ip) if ip.is_unicast_link_local());
        prop_assume!(!link_local || chosen.interface().is_some());
        let selector = ask.selector().strict(false).previous(chosen.scoped_addr());
        let audit = Audit::of(&selector, &snapshot).unwrap();
        // Whoever names a link by its index names another one once their order is another.
        let by_index = ask.zone.as_ref().is_some_and(|zone| zone.parse::<u32>().is_ok());
        let mut moves = audit.findings.iter().filter(|found| found.fate.moves());
        // A host prefix matches a network without its prefix only while another address shows it.
        let is_shown = chosen.netmask().is_host() && chosen.ip() != ask.ip && ask.prefix_len.is_none();
        let stays = moves.all(|found| match found.scenario {
            Scenario::LinksReordered => by_index,
            Scenario::VipAwayAndBack | Scenario::VipAwayAndBackPromoted => is_shown,
            // What floats is remembered in vain when it leaves.
            scenario => scenario == Scenario::ChosenVipLeaves,
        });
        prop_assert!(stays, "{}", audit);
    }

    /// Where it says that an address moves, and where it says that it stays, the model does the
    /// same with the words that `ip` would be given.
    #[test]
    fn it_plays_what_ip_does(town in town(), bindnet in bindnet()) {
        let host = town.host();
        let selector = Selector::new(bindnet.parse().unwrap());
        let Some(audit) = Audit::of(&selector, &host.snapshot()) else { return Ok(()) };
        let chosen = choice(&selector, &host.snapshot()).unwrap();
        let decision = selector.decide(&host.snapshot());
        let link = decision.chosen().unwrap().interface().unwrap();
        for found in &audit.findings {
            let code = found.scenario.code();
            let vip = code.starts_with("vip-");
            if !vip && !code.starts_with("own-") {
                continue;
            }
            let about: IpAddr = found.about.as_deref().unwrap().parse().unwrap();
            let on = |r: &&Request| r.net.addr() == about && (vip || r.link == link);
            let mut of = town.addresses.iter().filter(on);
            let (Some(flapped), None) = (of.next(), of.next()) else { continue };
            let mut host = host.clone();
            let along = town.delete(&mut host, flapped, code.ends_with("-promoted"));
            let mut back: Vec<&Request> = along.iter().collect();
            back.insert(if vip { along.len() } else { 0 }, flapped);
            let mut moments = Vec::new();
            for (at, request) in back.iter().enumerate() {
                if vip && at == along.len() {
                    moments.push(choice(&selector, &host.snapshot()));
                }
                host.apply(&Operation::AddAddress(request.to_ip())).unwrap();
            }
            moments.push(choice(&selector, &host.snapshot()));
            let other = moments.into_iter().find(|now| now.as_ref() != Some(&chosen));
            let expected = match other {
                None => Fate::Stays,
                Some(None) => Fate::Nothing,
                Some(Some(other)) => Fate::Moves(other.parse().unwrap()),
            };
            prop_assert_eq!(found.fate, expected, "{:?} {:#}", found, decision);
        }
    }
}

/// What is chosen, as text.
fn choice(selector: &Selector, host: &Snapshot) -> Option<String> {
    let decision = selector.decide(host);
    let chosen = decision.chosen().map(Candidate::scoped_addr);
    chosen.map(|address| address.to_string())
}

/// An address that `ip` has added.
#[derive(Clone, Debug)]
struct Request {
    net: IpNet,
    link: Name,
    vip: bool,
}

impl Request {
    fn to_ip(&self) -> AddressRequest {
        let request = AddressRequest::new(self.net, self.link);
        match self.vip && self.net.addr().is_ipv4() {
            true => request.label(format!("{}:vip", self.link).parse().unwrap()),
            false => request,
        }
    }
}

/// Two links and what was added to them, in this order.
#[derive(Clone, Debug)]
struct Town {
    addresses: Vec<Request>,
}

impl Town {
    fn host(&self) -> Host {
        let mut host = Host::new(Kernel::default());
        for (name, index) in [("eth0", 2), ("eth1", 3)] {
            let name = name.parse().unwrap();
            host.apply(&Operation::AddLink(LinkRequest::dummy(name, index)))
                .unwrap();
            host.apply(&Operation::LinkUp(name)).unwrap();
        }
        for request in &self.addresses {
            // What is there already is refused.
            let _ = host.apply(&Operation::AddAddress(request.to_ip()));
        }
        host
    }

    /// Deletes an address, and tells what went along.
    fn delete(&self, host: &mut Host, deleted: &Request, promotes: bool) -> Vec<Request> {
        let (link, on) = (deleted.link, promotes);
        host.apply(&Operation::PromoteSecondaries { link, on })
            .unwrap();
        let events = host
            .apply(&Operation::DeleteAddress(deleted.to_ip()))
            .unwrap();
        let mut along = Vec::new();
        for event in events {
            if let Notification::DeletedAddress(gone) = event {
                let is = |r: &&Request| Some(r.net) == gone.net() && r.link == link;
                along.extend(self.addresses.iter().find(is).cloned());
            }
        }
        along.retain(|r| r.net != deleted.net);
        along
    }
}

fn town() -> impl Strategy<Value = Town> {
    let nets = vec![
        "192.0.2.10/24",
        "192.0.2.11/24",
        "192.0.2.20/24",
        "192.0.2.21/24",
        "192.0.2.22/32",
        "192.0.2.23/25",
        "198.51.100.10/24",
        "2001:db8::10/64",
        "2001:db8::20/64",
        "2001:db8::21/64",
        "2001:db8::22/128",
        "fe80::1/64",
        "fe80::2/64",
    ];
    let link = select(vec!["eth0", "eth0", "eth0", "eth1"]);
    let request = (select(nets), link, prop::bool::weighted(0.2));
    let request = request.prop_map(|(net, link, vip)| Request {
        net: net.parse().unwrap(),
        link: link.parse().unwrap(),
        vip,
    });
    vec(request, 1..9).prop_map(|mut addresses| {
        // One request for each address of a link.
        let mut seen = std::collections::BTreeSet::new();
        addresses.retain(|r| seen.insert((r.net, r.link.to_string())));
        Town { addresses }
    })
}

fn bindnet() -> impl Strategy<Value = &'static str> {
    select(vec![
        "192.0.2.0",
        "192.0.2.0",
        "192.0.2.0/24",
        "192.0.2.99",
        "2001:db8::",
        "2001:db8::/64",
        "fe80::%eth0",
        "fe80::",
    ])
}
