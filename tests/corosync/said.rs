//! What a plan refuses, warns of and takes, row by row; `plan.rs` asks the real daemon.

use bindnet_tests::plans;

use bindnet::corosync::{Conf, Plan, TakenOutcome};
use bindnet::{Selector, Snapshot};
use plans::{HOST, N1, conf, host, plan, plan_with, refuses};

/// Corosync does not start with most of these; that is for `corosync -t` to say.
#[test]
fn what_is_not_about_addresses_is_not_read() {
    let interface = |transport: &str, more: &str| {
        let totem = "interface {; linknumber: 0; bindnetaddr: 192.0.2.0; ";
        format!("transport: {transport}; {totem}{more}; }}")
    };
    for transport in ["knet", "udp", "udpu"] {
        for more in [
            "secauth: on",
            "crypto_cipher: aes256",
            "crypto_hash: sha1",
            "token: soon",
            "clear_node_high_bit: perhaps",
        ] {
            refuses(&[N1], &[(&format!("transport: {transport}; {more}"), "")]);
        }
        for more in [
            "",
            "broadcast: yes",
            "mcastaddr: 239.192.1.1",
            "mcastaddr: ff15::1",
            "mcastaddr: 192.0.2.1",
            "mcastaddr: 239.192.1.1/24",
            "mcastaddr: nowhere",
            "mcastport: 70000",
        ] {
            refuses(&[N1], &[(&interface(transport, more), "")]);
        }
    }
    // What does is refused beside it.
    refuses(
        &[&N1.replace(".10", ".10/24")],
        &[(&interface("knet", "mcastaddr: nowhere"), "refuses a prefix")],
    );
}

/// A plan says what it does not know, for people and in JSON.
#[test]
fn a_plan_says_what_it_does_not_know() {
    let plan = plan("transport: knet", &[N1]).unwrap();
    let note = "Only `corosync -t` knows whether Corosync starts with this file: only the \
                addresses of its links were read.";
    assert_eq!(Plan::NOTE, note);
    let json: serde_json::Value = serde_json::from_str(&plan.to_json("a", &[])).unwrap();
    assert_eq!(json["note"], note);
}

#[test]
fn a_file_that_is_too_long() {
    assert_eq!(Conf::MAX_LEN, 1_048_576);
    let mut text = b"totem {\nversion: 2\n}\n".to_vec();
    text.resize(Conf::MAX_LEN - 1, b'#');
    text.push(b'\n');
    assert_eq!(text.len(), Conf::MAX_LEN);
    let error = Conf::parse(&[text.as_slice(), b"#"].concat()).unwrap_err();
    assert_eq!(error.to_string(), "line 5: the file is longer than 1 MiB");
    let comments = b"#\n".repeat((Conf::MAX_LEN - 22) / 2);
    let text = [b"totem {\nversion: 2\n}\n\n", comments.as_slice()].concat();
    assert_eq!(text.len(), Conf::MAX_LEN);
    assert!(Conf::parse(&text).is_ok());
}

#[test]
fn what_is_no_address() {
    for (ring0, refused) in [
        (
            "192.0.2.10/24",
            "line 9: ring0_addr \"192.0.2.10/24\": Corosync refuses a prefix; write 192.0.2.10",
        ),
        (
            "192.0.2.10/",
            "line 9: ring0_addr \"192.0.2.10/\" is not an address; write an IPv4 or IPv6 address \
             (192.168.1.0, fd00::)",
        ),
        (
            "192.0.2.10/x",
            "line 9: ring0_addr \"192.0.2.10/x\" is not an address; write an IPv4 or IPv6 address \
             (192.168.1.0, fd00::)",
        ),
        (
            "n1/24",
            "line 9: ring0_addr \"n1/24\" is not an address; write an IPv4 or IPv6 address \
             (192.168.1.0, fd00::)",
        ),
    ] {
        let error = plan("transport: knet", &[&N1.replace("192.0.2.10", ring0)]).unwrap_err();
        assert_eq!(error.to_string(), refused, "{ring0}");
    }
}

/// The zone of an address is the bytes of a name, in which nothing is un-escaped.
#[test]
fn a_zone_is_read_byte_for_byte() {
    let plan_of = |ring0: &str| plan("transport: knet", &[&N1.replace("192.0.2.10", ring0)]);
    for zone in [r"a\x41", r"\", r"a\", "a b", "1", "\u{e9}"] {
        let plan = plan_of(&format!("fe80::1%{zone}")).unwrap();
        let read = plan.links()[0].bindnet().zone().unwrap();
        assert_eq!(read.name().unwrap().as_bytes(), zone.as_bytes(), "{zone}");
        assert_eq!(read.index(), zone.parse().ok(), "{zone}");
    }
    for (ring0, refused) in [
        (
            "fe80::1%0123456789abcdef",
            "line 9: ring0_addr \"fe80::1%0123456789abcdef\": the zone after %: 16 bytes; a name has \
             at most 15; write the name or the index of a link (fe80::1%eth0)",
        ),
        (
            "fe80::1%eth0/64",
            "line 9: ring0_addr \"fe80::1%eth0/64\": Corosync refuses a prefix; write fe80::1%eth0",
        ),
        (
            "::ffff:192.0.2.10",
            "line 9: ring0_addr \"::ffff:192.0.2.10\": an IPv4-mapped address, which Corosync finds \
             on no link; write 192.0.2.10",
        ),
    ] {
        assert_eq!(plan_of(ring0).unwrap_err().to_string(), refused);
    }
}

#[test]
fn what_a_link_is_warned_of() {
    let warnings = |ring0: &str, transport: &str, host: &Snapshot, hosts: &str| {
        let (totem, n1) = (
            format!("transport: {transport}"),
            format!("name: n1; nodeid: 1; ring0_addr: {ring0}"),
        );
        let plan = plan_with(&conf(&totem, &[&n1]), "3.1.7", host, hosts).unwrap();
        assert_eq!(plan.links()[0].text(), ring0);
        assert_eq!(plan.corosync(), format!("Corosync 3.1.7 ({transport})"));
        plan.warnings().to_vec()
    };
    let n1 = host(HOST, "n1");
    assert_eq!(
        warnings("192.0.2.10", "knet", &n1, "192.0.2.10 a\n192.0.2.10 b"),
        [""; 0]
    );
    assert_eq!(
        warnings("a", "knet", &n1, "192.0.2.10 a"),
        ["line 9: ring0_addr a is read as a name of the hosts file: 192.0.2.10."]
    );
    assert_eq!(
        warnings("a", "knet", &n1, "192.0.2.10 a\n192.0.2.11 a"),
        [
            "line 9: ring0_addr a is read as a name of the hosts file: 192.0.2.10.",
            "line 9: ring0_addr a has 2 addresses in the hosts file; which one Corosync takes is \
             for getaddrinfo(3) to sort (gai.conf(5)).",
        ]
    );
    let scope = "line 9: Corosync binds the link-local address fe80::10 with scope id 2, whatever \
                 its link: it works on the link with index 2 only.";
    let third = host("link lo\nlink eth0\neth1 fe80::10/64", "n1");
    assert_eq!(warnings("fe80::10", "knet", &n1, ""), [""; 0]);
    assert_eq!(warnings("fe80::10", "knet", &third, ""), [scope]);
    assert_eq!(warnings("2001:db8::10", "knet", &n1, ""), [""; 0]);
    // Where Corosync walks over the addresses, what it takes says so.
    assert_eq!(warnings("fe80::10", "udpu", &third, ""), [""; 0]);
}

#[test]
fn what_a_walk_comes_to() {
    let taken = |ring0: &str, host: &Snapshot| {
        let node = format!("name: n1; nodeid: 1; ring0_addr: {ring0}");
        let plan = plan_with(&conf("transport: udpu", &[&node]), "3.1.7", host, "").unwrap();
        let selector = Selector::new("192.0.2.0".parse().unwrap());
        let taken = plan.decide(host, &selector).remove(0).corosync;
        assert_eq!(
            taken.explanation.contains("it then exits"),
            taken.outcome == TakenOutcome::Exits
        );
        taken.outcome
    };
    let n1 = host(HOST, "n1");
    assert_eq!(taken("192.0.2.10", &n1), TakenOutcome::Bound);
    assert_eq!(taken("2001:db8::10", &n1), TakenOutcome::Bound);
    assert_eq!(taken("198.51.100.1", &n1), TakenOutcome::Exits);
    // With scope id 2, whatever its link.
    assert_eq!(taken("fe80::10", &n1), TakenOutcome::Bound);
    let third = host("link lo\nlink eth0\neth1 fe80::10/64", "n1");
    assert_eq!(taken("fe80::10", &third), TakenOutcome::Exits);
    let down = host("link eth0 down\neth0 192.0.2.10/24", "n1");
    assert_eq!(taken("192.0.2.10", &down), TakenOutcome::Exits);
    let tentative = host("eth0 2001:db8::10/64 tentative", "n1");
    assert_eq!(taken("2001:db8::10", &tentative), TakenOutcome::Exits);
    let codes = [
        (TakenOutcome::Bound, "bound"),
        (TakenOutcome::Localhost, "localhost"),
        (TakenOutcome::Exits, "exits"),
        (TakenOutcome::Nothing, "nothing"),
    ];
    for (outcome, code) in codes {
        assert_eq!(outcome.code(), code);
    }
}

#[test]
fn sections_that_make_a_link() {
    let warnings = |totem: &str| {
        let mut warnings = plan(totem, &[N1]).unwrap().warnings().to_vec();
        warnings.retain(|warning| warning.contains("numbers links by linknumber"));
        warnings.len()
    };
    let of =
        |numbers: &str| format!("transport: knet; interface {{; {numbers}; mcastport: 5405; }}");
    assert_eq!(warnings(&of("ringnumber: 0")), 0);
    assert_eq!(warnings(&of("ringnumber: 1")), 1);
    assert_eq!(warnings(&of("linknumber: 0; ringnumber: 1")), 0);
    refuses(
        &[N1],
        &[
            (&of("linknumber: 9"), "link number \"9\"; write 0 to 7"),
            (
                &of("linknumber: 1"),
                "link 1 has an interface section and no address",
            ),
            ("transport: knet; interface {; linknumber: 9; }", ""),
            ("transport: knet; interface {; linknumber: 1; }", ""),
            (
                "transport: udpu; interface {; linknumber: 1; mcastport: 5405; }",
                "link 1 has an interface section and no address",
            ),
        ],
    );
    let second = "name: n1; nodeid: 1; ring1_addr: 192.0.2.10";
    refuses(
        &[second],
        &[(
            "transport: udpu",
            "these are links: 1; udpu has link 0 alone",
        )],
    );
    refuses(&[second], &[("transport: knet", "")]);
}

#[test]
fn bindnetaddr_and_nodelist() {
    let written = |totem: &str, nodes: &[&str], version: &str| {
        let plan = plan_with(&conf(totem, nodes), version, &host(HOST, "n1"), "").unwrap();
        plan.links()[0].to_string()
    };
    let both = "transport: udpu; interface {; ringnumber: 0; bindnetaddr: 198.51.100.0; }";
    let (bindnetaddr, ring0) = ("bindnetaddr 198.51.100.0", "ring0_addr 192.0.2.10");
    for (version, taken) in [
        ("1.4.7", bindnetaddr),
        ("1.99.0", bindnetaddr),
        ("2.4.2", bindnetaddr),
        ("2.4.3", ring0),
        ("2.90.0", bindnetaddr),
        ("2.99.0", ring0),
        ("3.1.7", ring0),
    ] {
        assert_eq!(written(both, &[N1], version), taken, "{version}");
        if version != "1.4.7" {
            assert_eq!(
                written("transport: udpu", &[N1], version),
                ring0,
                "{version}"
            );
        }
    }
    // The first node has no address.
    let nodes = ["name: n2; nodeid: 2", N1];
    assert_eq!(written(both, &nodes, "3.1.7"), bindnetaddr);
    let knet = both
        .replace("udpu", "knet")
        .replace("ringnumber", "linknumber");
    assert_eq!(written(&knet, &nodes, "3.1.7"), ring0);
    let warnings = plan(&knet, &nodes).unwrap().warnings().to_vec();
    assert_eq!(warnings, ["line 6: transport knet ignores bindnetaddr."]);
}

#[test]
fn families_by_version() {
    let asked = |version: &str, ip_version: &str, ring0: &str| {
        let totem = format!("transport: udpu; ip_version: {ip_version}");
        let node = format!("name: n1; nodeid: 1; ring0_addr: {ring0}");
        let conf = conf(&totem, &[&node]);
        let plan = plan_with(&conf, version, &host(HOST, "n1"), "");
        plan.map_or_else(|error| error.to_string(), |_| "taken".to_owned())
    };
    let write = "line 4: ip_version \"ipv6-4\": for Corosync 2.4.6 write ipv4 or ipv6";
    assert_eq!(asked("2.4.6", "ipv6-4", "192.0.2.10"), write);
    assert_eq!(asked("3.1.7", "ipv6-4", "192.0.2.10"), "taken");
    assert_eq!(asked("2.4.6", "ipv4", "192.0.2.10"), "taken");
    // Before 1.99 it is not read.
    for (version, said) in [
        ("1.4.10", "knows no nodelist"),
        ("1.99.0", "write ipv4 or ipv6"),
    ] {
        let error = asked(version, "ipv6-4", "192.0.2.10");
        assert!(error.contains(said), "{version}: {error}");
    }
}
