//! The table of the documentation, "The choice of each rule", shows what the rules do pick.

use bindnet_tests::{recorded, topology};

use std::fs;
use std::net::IpAddr;

use bindnet::corosync::{Profile, ProfileSelector, Rule};
use bindnet::{BindnetAddr, Selector};
use recorded::{cases, recorded, snapshot};
use serde_json::Value;
use topology::{Entry, parse, text};

/// The recorded hosts that show where the rules part, and what to look at.
const ROWS: [(&str, &str); 12] = [
    (
        "vip-labelled-after-base",
        "a labelled VIP behind the node's address",
    ),
    ("vip-labelled-before-base", "the same before it"),
    (
        "vip-unlabelled-before-base",
        "a VIP without a label before it",
    ),
    (
        "exact-base-when-vip-first",
        "the node's own address is named",
    ),
    (
        "host-in-subnet-not-configured",
        "an address is named that is not there",
    ),
    ("broadcast-address-as-bindnetaddr", "the broadcast address"),
    ("vip32-only-net-form", "a /32 and the name of its network"),
    ("mask-0-matches-all", "a /0"),
    (
        "down-first-up-second-same-subnet",
        "the first is on a link that is down",
    ),
    (
        "peer-address-local",
        "point-to-point, the near end is named",
    ),
    ("v6-net-form", "an IPv6 network"),
    ("v6-two-same-prefix-net-form", "two IPv6 addresses"),
];

/// A release of every rule, as the recordings name it.
const RELEASES: [(Rule, &str); 5] = [
    (Rule::V1_2_8, "v1.4.1"),
    (Rule::V1_4_4, "v1.4.7"),
    (Rule::V1_4_8, "v1.4.10"),
    (Rule::V1_99_5, "v2.0.0"),
    (Rule::V2_0_2, "v3.1.7"),
];

fn table() -> String {
    let mut table = "| bindnetaddr | the host has |".to_owned();
    for (rule, _) in RELEASES {
        table += &format!(" {} |", rule.releases());
    }
    table += " patched | bindnet |\n|---|---|---|---|---|---|---|---|---|\n";
    let cases = cases();
    for (name, what) in ROWS {
        let case = cases.iter().find(|case| case["name"] == name);
        table += &row(case.unwrap_or_else(|| panic!("{name} is no case")), what);
    }
    table
}

fn row(case: &Value, what: &str) -> String {
    let bindnet: BindnetAddr = text(&case["bindnetaddr"]).parse().expect("a bindnetaddr");
    let entries = recorded(case);
    let host = snapshot(&entries);
    let selector = || Selector::new(bindnet.clone());
    let decide = |profile| ProfileSelector::new(profile, selector()).decide(&host);
    let short = |ip| shorten(ip, bindnet.ip());
    let cell = |ip: Option<IpAddr>| ip.map_or("-".to_owned(), short);

    let of_family = entries
        .iter()
        .filter(|e| e.ip.is_ipv4() == bindnet.ip().is_ipv4());
    let listed: Vec<_> = of_family
        .filter(|entry| !entry.ip.is_loopback())
        .map(listed)
        .collect();
    let mut row = format!("| {bindnet} | {what}: {} |", listed.join(", "));
    for (rule, release) in RELEASES {
        let version = release.trim_start_matches('v').parse().expect("a version");
        let taken = decide(Profile::Corosync(Some(version)))
            .chosen()
            .map(|c| c.ip());
        let picked = case["picks"][release]["address"].is_string();
        let picked = picked.then(|| parse(&case["picks"][release]["address"]));
        assert_eq!(taken, picked, "{} by {rule:?}", case["name"]);
        row += &format!(" {} |", cell(taken));
    }
    let patched = decide(Profile::Patched);
    let ours = decide(Profile::Default);
    let mark = if ours.is_ambiguous() { "?" } else { "" };
    row += &format!(" {} |", cell(patched.chosen().map(|c| c.ip())));
    row + &format!(" {}{mark} |\n", cell(ours.chosen().map(|c| c.ip())))
}

fn listed(entry: &Entry) -> String {
    let Entry { ip, prefix_len, .. } = entry;
    match entry.peer {
        Some(peer) => format!("{ip} peer {peer}/{prefix_len}"),
        None => format!("{ip}/{prefix_len}"),
    }
}

/// The end of an address where the rest is that of the bindnetaddr.
fn shorten(ip: IpAddr, bindnet: IpAddr) -> String {
    let text = ip.to_string();
    let separator = if ip.is_ipv4() { "." } else { "::" };
    let (rest, end) = text.split_at(text.rfind(separator).unwrap_or_default());
    match bindnet.to_string().starts_with(rest) {
        true => end.to_owned(),
        false => text,
    }
}

#[test]
fn the_page_shows_what_is_picked() {
    let page = bindnet_tests::package().join("src/corosync/picks.md");
    let table = table();
    if std::env::var_os("BINDNET_WRITE").is_some() {
        fs::write(&page, &table).expect("the page");
    }
    let page = fs::read_to_string(page).expect("the page");
    assert_eq!(
        page, table,
        "write it with BINDNET_WRITE=1 cargo test --all-features --test corosync page"
    );
}
