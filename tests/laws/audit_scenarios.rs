//! The scenarios of the audit one by one, on hosts made up for them.

use bindnet_tests::audited;

use bindnet::audit::{Audit, Fate, Finding, Scenario};
use bindnet::corosync::ProfileSelector;
use bindnet::rule::Declared;
use bindnet::snapshot::{AddressFlags, Lifetime};
use bindnet::{Address, Link, Selector, Snapshot};

use audited::{address, audit, fate, host, link, secondary, selector, told};

fn eth0() -> Link {
    link(2, "eth0")
}

fn to(ip: &str) -> Fate {
    Fate::Moves(ip.parse().unwrap())
}

/// The node's address, and behind it a VIP without a mark.
fn node_and_vip() -> Snapshot {
    let eth0 = eth0();
    let addresses = [
        address("192.0.2.10/24", &eth0),
        secondary("192.0.2.20/24", &eth0),
    ];
    host(&[&eth0], &addresses)
}

#[test]
fn each_declaration_and_the_memory_keep_the_choice_and_a_floating_vip_does_not() {
    let host = node_and_vip();
    let plain = selector("192.0.2.0");
    let moves = "own-address-flap-promoted 192.0.2.20, new-vip-first 192.0.2.254";
    let found = audit(&plain, &host);
    assert_eq!(told(&found), moves);
    let options: Vec<_> = found.advice.iter().map(|a| a.setting.to_string()).collect();
    assert_eq!(
        options,
        [
            "declare 192.0.2.10 fixed",
            "declare 192.0.2.20 fixed",
            "remember 192.0.2.10 as the choice"
        ]
    );

    let net = |text: &str| text.parse().unwrap();
    let floating = plain.clone().declared(
        Declared::default()
            .floating([net("192.0.2.20/32")])
            .unwrap(),
    );
    assert_eq!(told(&audit(&floating, &host)), "new-vip-first 192.0.2.254");
    let pool = plain.clone().declared(
        Declared::default()
            .floating([net("192.0.2.20/32"), net("192.0.2.128/25")])
            .unwrap(),
    );
    assert_eq!(told(&audit(&pool, &host)), "");
    let fixed = plain
        .clone()
        .declared(Declared::default().fixed([net("192.0.2.10/32")]).unwrap());
    assert_eq!(told(&audit(&fixed, &host)), "");
    let exact = selector("192.0.2.10");
    assert_eq!(told(&audit(&exact, &host)), "");
}

#[test]
fn what_holds_by_memory_alone_is_said() {
    let host = node_and_vip();
    let remembers = selector("192.0.2.0").previous("192.0.2.10".parse().unwrap());
    let found = audit(&remembers, &host);
    let summary = "audit: none of 7 scenarios would move the choice; without its memory 2 would.";
    assert_eq!(found.to_string(), format!("{summary}\n"));
    // The VIP is bound. What moves without the memory is the restart by itself.
    let mistaken = selector("192.0.2.0").previous("192.0.2.20".parse().unwrap());
    let found = audit(&mistaken, &host);
    assert_eq!(told(&found), "");
    let restart = &found.findings[0];
    assert_eq!(restart.scenario, Scenario::Restart);
    assert_eq!(restart.without_memory, to("192.0.2.10"));
}

#[test]
fn a_strict_daemon_does_not_start_where_it_becomes_close() {
    let eth0 = eth0();
    let host = host(&[&eth0], &[address("192.0.2.10/24", &eth0)]);
    let strict = selector("192.0.2.0").strict(true);
    let found = audit(&strict, &host);
    assert_eq!(told(&found), "new-vip none, new-vip-first none");
    assert_eq!(found.advice[0].setting.code(), "fixed");
    // Where it is close already there is nothing to audit.
    assert_eq!(Audit::of(&strict, &node_and_vip()), None);
}

/// The going of a primary address takes its secondaries along, where they are not promoted.
#[test]
fn a_vip_that_came_first_cuts_the_node_off_when_it_goes() {
    let eth0 = eth0();
    let vip = address("192.0.2.20/24", &eth0).with_label("eth0:vip".parse().unwrap());
    let host = host(&[&eth0], &[vip, secondary("192.0.2.10/24", &eth0)]);
    let found = audit(&selector("192.0.2.0"), &host);
    let of = |scenario| {
        found
            .findings
            .iter()
            .find(|f| f.scenario == scenario)
            .unwrap()
    };
    let (kept, promoted) = (
        of(Scenario::VipAwayAndBack),
        of(Scenario::VipAwayAndBackPromoted),
    );
    assert_eq!((kept.fate, kept.interrupts), (Fate::Stays, true));
    assert_eq!((promoted.fate, promoted.interrupts), (Fate::Stays, false));
    assert_eq!(kept.about.as_deref(), Some("192.0.2.20"));
}

/// While a VIP is away its network is not there: what floats only inside it does not.
#[test]
fn a_restart_counts_while_the_vip_is_away_too() {
    let (eth0, eth1, eth2) = (eth0(), link(3, "eth1"), link(4, "eth2"));
    // Only a permanent address floats by its prefix.
    let own = address("192.0.2.10/32", &eth1).with_flags(AddressFlags::NODAD);
    let addresses = [
        address("192.0.2.30/32", &eth0),
        own,
        address("192.0.2.20/24", &eth2),
    ];
    let host = host(&[&eth0, &eth1, &eth2], &addresses);
    let found = audit(&selector("192.0.2.0/24"), &host);
    let about = |ip: &str| {
        let away = |f: &&Finding| f.scenario == Scenario::VipAwayAndBack;
        let mut away = found.findings.iter().filter(away);
        away.find(|f| f.about.as_deref() == Some(ip)).unwrap().fate
    };
    assert_eq!(about("192.0.2.20"), to("192.0.2.30"));
    assert_eq!(about("192.0.2.30"), Fate::Stays);
}

/// A secondary address takes the place of a VIP that goes, and loses what spoke against it.
#[test]
fn what_a_vip_kept_behind_may_come_first_when_it_goes() {
    let (eth0, eth1) = (eth0(), link(3, "eth1"));
    let addresses = [
        address("192.0.2.20/24", &eth0).with_label("eth0:vip".parse().unwrap()),
        secondary("192.0.2.30/24", &eth0),
        address("192.0.2.10/24", &eth1),
    ];
    let found = audit(&selector("192.0.2.0"), &host(&[&eth0, &eth1], &addresses));
    assert_eq!(
        fate(&found, Scenario::VipAwayAndBackPromoted),
        to("192.0.2.30")
    );
}

#[test]
fn links_in_another_order_swap_equals() {
    let (eth0, eth1) = (eth0(), link(3, "eth1"));
    let addresses = [
        address("192.0.2.10/24", &eth0),
        address("192.0.2.11/24", &eth1),
    ];
    let two = host(&[&eth0, &eth1], &addresses);
    let found = audit(&selector("192.0.2.0"), &two);
    assert_eq!(fate(&found, Scenario::LinksReordered), to("192.0.2.11"));
    let restricted = selector("192.0.2.0").interface("eth0".parse().unwrap());
    assert_eq!(
        fate(&audit(&restricted, &two), Scenario::LinksReordered),
        Fate::Stays
    );

    // A link-local address by the index of its link, and by its name.
    let addresses = [address("fe80::1/64", &eth0), address("fe80::2/64", &eth1)];
    let two = host(&[&eth0, &eth1], &addresses);
    let by_index = audit(&selector("fe80::%2"), &two);
    assert_eq!(
        fate(&by_index, Scenario::LinksReordered),
        to("fe80::2%eth1")
    );
    let by_name = audit(&selector("fe80::%eth0"), &two);
    assert_eq!(fate(&by_name, Scenario::LinksReordered), Fate::Stays);
}

/// Two /31s have no room for a VIP, and each address is alone on its link.
#[test]
fn an_interface_is_advice_where_it_holds() {
    let (eth0, eth1) = (eth0(), link(3, "eth1"));
    let addresses = [
        address("192.0.2.0/31", &eth0),
        address("192.0.2.2/31", &eth1),
    ];
    let found = audit(
        &selector("192.0.2.0/24"),
        &host(&[&eth0, &eth1], &addresses),
    );
    assert_eq!(told(&found), "links-reordered 192.0.2.2");
    let options: Vec<_> = found.advice.iter().map(|a| a.setting.to_string()).collect();
    let expected = [
        "declare 192.0.2.2 floating",
        "declare 192.0.2.0 fixed",
        "declare 192.0.2.2 fixed",
        "remember 192.0.2.0 as the choice",
        "restrict the rule to eth0",
    ];
    assert_eq!(options, expected);
}

/// With keep_addr_on_down=1 permanent addresses stay, and a lease comes back as the newest.
#[test]
fn a_lease_is_the_newest_after_its_link_was_down() {
    let eth0 = eth0();
    let lease = address("2001:db8::10/64", &eth0)
        .with_flags(AddressFlags::NODAD)
        .with_valid_lft(Lifetime::Seconds(3600));
    let vip = address("2001:db8::20/64", &eth0);
    let host = host(&[&eth0], &[vip, lease]);
    let found = audit(&selector("2001:db8::"), &host);
    assert_eq!(fate(&found, Scenario::LinkDownAndUp), Fate::Stays);
    assert_eq!(
        fate(&found, Scenario::LinkDownAndUpKept),
        to("2001:db8::20")
    );
}

/// Duplicate address detection is over before anything happens.
#[test]
fn an_address_that_is_tentative_is_there_a_second_later() {
    let eth0 = eth0();
    let permanent = AddressFlags::PERMANENT;
    let older = address("2001:db8::1/64", &eth0).with_flags(permanent | AddressFlags::TENTATIVE);
    let host = host(&[&eth0], &[address("2001:db8::2/64", &eth0), older]);
    let found = audit(&selector("2001:db8::"), &host);
    assert_eq!(fate(&found, Scenario::Restart), to("2001:db8::1"));
}

/// No kernel lists an address twice on one link. What is chosen is the entry that was chosen.
#[test]
fn an_address_that_is_listed_twice() {
    let eth0 = eth0();
    let plain = Address::new("192.0.2.10/24".parse().unwrap(), eth0.index());
    let failed = plain.with_flags(AddressFlags::DADFAILED);
    for addresses in [[failed, plain], [plain, failed]] {
        for bindnet in ["192.0.2.0", "192.0.2.10"] {
            let selector = selector(bindnet).previous("192.0.2.10".parse().unwrap());
            let found = audit(&selector, &host(&[&eth0], &addresses));
            assert_eq!(told(&found), "", "{bindnet}: {addresses:?}");
        }
    }
}

#[test]
fn corosync_moves_where_the_rule_stays() {
    let eth0 = eth0();
    let vip = secondary("192.0.2.20/24", &eth0).with_label("eth0:vip".parse().unwrap());
    let labelled = host(&[&eth0], &[address("192.0.2.10/24", &eth0), vip]);
    let corosync = |version: &str, host: &Snapshot| {
        let profile = version.parse().unwrap();
        audit(&ProfileSelector::new(profile, selector("192.0.2.0")), host)
    };
    let found = corosync("corosync:3.1.7", &labelled);
    let moves = "own-address-flap-promoted 192.0.2.20, new-vip-first 192.0.2.254";
    assert_eq!(told(&found), moves);
    assert_eq!(
        told(&audit(&selector("192.0.2.0"), &labelled)),
        "new-vip-first 192.0.2.254"
    );
    // A ring address of its own is what Corosync can be told.
    let options: Vec<_> = found.advice.iter().map(|a| a.setting.to_string()).collect();
    assert_eq!(options, ["set bindnetaddr to 192.0.2.10"]);

    // 2.0.0 walks the list from its end, and takes whatever came last.
    let alone = host(&[&eth0], &[address("192.0.2.10/24", &eth0)]);
    let found = corosync("corosync:2.0.0", &alone);
    assert_eq!(told(&found), "new-vip 192.0.2.254");
}

#[test]
fn many_addresses_that_may_float_are_bounded() {
    let eth0 = eth0();
    let mut addresses = vec![address("10.0.0.1/8", &eth0)];
    for number in 1..=2_000_u32 {
        let ip = std::net::Ipv4Addr::from_bits(0x0a01_0000 + number);
        addresses.push(secondary(&format!("{ip}/8"), &eth0));
    }
    let found = audit(&selector("10.0.0.0"), &host(&[&eth0], &addresses));
    assert_eq!(found.left_out, 1_900);
    let away = |f: &&Finding| f.scenario == Scenario::VipAwayAndBack;
    assert_eq!(found.findings.iter().filter(away).count(), 100);
    let left_out = " (1900 more addresses that may float were left out).";
    assert!(found.summary().ends_with(left_out), "{}", found.summary());
}

#[test]
fn without_a_choice_there_is_no_audit() {
    let selector: Selector = selector("198.51.100.0");
    assert_eq!(Audit::of(&selector, &node_and_vip()), None);
}
